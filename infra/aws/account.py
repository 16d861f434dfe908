"""The only door to boto3: one account in one region, by the profile that a stack names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, NoCredentialsError
from botocore.loaders import create_loader
from botocore.session import Session as Settings

from llmctl.infra.aws.api import Identity
from llmctl.infra.aws.api_errors import Login, translated
from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.errors import CredentialsRefused, Refused, RegionDisabled

REHEARSAL = "LLMCTL_REHEARSAL"
"""Variable of a rehearsal's processes: the address of the double, on this machine. Nothing else is asked then."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

ATTEMPTS = 6
"""Of a call that is throttled or gets no answer. botocore waits at most 1, 2, 4, 8 and 16 s between them
(docs.aws.amazon.com/boto3/latest/guide/retries.html): half a minute, where its own three attempts end after three."""

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Account:
    """Answers Api."""

    session: boto3.Session = field(repr=False)
    region: str
    profile: str | None = None
    endpoint: str | None = None
    """Of all services; None: AWS's own."""

    attempts: int = ATTEMPTS
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, settings: AwsSettings, environ: Mapping[str, str] = os.environ) -> Account:
        """As a stack says. Raises as `of` does."""
        return cls.of(settings.region, settings.profile, environ)

    @classmethod
    def of(cls, region: str, named: str | None, environ: Mapping[str, str] = os.environ) -> Account:
        """By the profile of that name, else by what AWS_PROFILE or the environment says. Nothing is asked yet.

        Raises SettingsError for a profile that is not there, Refused for a rehearsal with an address that is not on
        this machine.
        """
        if (double := environ.get(REHEARSAL)) is not None:
            return cls(_session_of_a_rehearsal(double), region, endpoint=double)
        profile = named or environ.get("AWS_PROFILE")
        with translated(_login(None, region, profile), "the AWS configuration"):
            return cls(boto3.Session(profile_name=named), region, profile)

    def identity(self) -> Identity:
        """Raises AccountError's kinds: of credentials, of the network, RegionDisabled."""
        answer = self.ask("sts", "get_caller_identity")
        return Identity(account=answer["Account"], arn=answer["Arn"])

    def ask(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        with self._explained(service, operation):
            answer: Mapping[str, Any] = getattr(self._client(service, self.region), operation)(**parameters)
            return answer

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        with self._explained(service, operation):
            for page in self._client(service, self.region).get_paginator(operation).paginate(**parameters):
                yield from page.get(key) or ()

    def signed_identity(self, headers: Mapping[str, str], seconds: int) -> str:
        """An address of STS that tells whoever opens it, with these headers and within that time, whose it is."""
        with self._explained("sts", "get_caller_identity"):
            if (found := self.session.get_credentials()) is None:
                raise NoCredentialsError
            signer = SigV4QueryAuth(found.get_frozen_credentials(), "sts", self.region, expires=seconds)
            sts = self._client("sts", self.region).meta.endpoint_url
            request = AWSRequest("GET", f"{sts}/?Action=GetCallerIdentity&Version=2011-06-15", dict(headers))
            signer.add_auth(request)
            return str(request.url)

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = self.session.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": self.attempts},
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=ANSWER_SECONDS,
                    user_agent_extra="llmctl",
                ),
            )
        return self._clients[service, region]

    @contextmanager
    def _explained(self, service: str, operation: str) -> Iterator[None]:
        """A region that is switched off answers as if the credentials were wrong; it is told from that."""
        try:
            with translated(_login(self.session, self.region, self.profile), f"{service}:{_pascal(operation)}"):
                yield
        except CredentialsRefused as refused:
            if not self._taken_at_home():
                raise
            raise RegionDisabled(
                f"AWS takes these credentials, but not in {self.region}: the account has that region switched off. "
                f"Choose another llmctl:aws.region, or run: aws account enable-region --region-name {self.region}"
            ) from refused

    def _taken_at_home(self) -> bool:
        """Whether the partition's first region, which cannot be switched off, takes the credentials."""
        home = _home_of(self.session.get_partition_for_region(self.region))
        if home == self.region:
            return False
        try:
            self._client("sts", home).get_caller_identity()
        except Exception:  # noqa: BLE001  (whatever it says, it is not that only our region is closed)
            return False
        return True


def _login(session: boto3.Session | None, region: str, profile: str | None) -> Login:
    def method() -> str | None:
        try:
            found = session.get_credentials() if session else None
        except BotoCoreError:
            return None
        return found.method if found else None

    return Login(region=region, profile=profile, method=method)


def _home_of(partition: str) -> str:
    """us-east-1, cn-northwest-1, us-gov-west-1: by botocore's own table."""
    partitions = create_loader().load_data("partitions")["partitions"]
    return next(str(each["outputs"]["implicitGlobalRegion"]) for each in partitions if each["id"] == partition)


def _session_of_a_rehearsal(double: str) -> boto3.Session:
    """With credentials that are none, no file of the user's read, and every request to another place refused."""
    if urlsplit(double).hostname not in LOOPBACK:
        raise Refused(f"{REHEARSAL}={double}: the double of a rehearsal is on this machine, http://127.0.0.1:PORT.")
    nowhere = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    settings = Settings(session_vars=nowhere)
    session = boto3.Session("rehearsal", "rehearsal", botocore_session=settings)

    def refuse_others(request: Any, **_: object) -> None:
        if urlsplit(request.url)[:2] != urlsplit(double)[:2]:
            raise Refused(f"A rehearsal asks nothing but its double at {double}: {request.url} was not asked.")

    session.events.register_first("before-send", refuse_others)
    return session


def _pascal(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))
