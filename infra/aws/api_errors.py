"""What botocore raises and AWS answers, as the errors of infra: one sentence with what to do. No secret is repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from botocore import exceptions
from botocore.retries.standard import ThrottledRetryableChecker

from llmctl.infra.errors import (
    AccountError,
    AccountForbidden,
    AccountThrottled,
    AccountUnreachable,
    CredentialsExpired,
    CredentialsMissing,
    CredentialsRefused,
    NotInAccount,
    SettingsError,
)

# docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, .../STS/latest/APIReference/CommonErrors.html,
# and .../AmazonS3/latest/API/ErrorResponses.html: every service has words of its own for the same thing.
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
REFUSED = frozenset({
    "AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken", "IncompleteSignature",
    "MissingAuthenticationToken", "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
SKEWED = frozenset({"RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException"})
FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
THROTTLED = frozenset(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)

NO_SESSION = (
    exceptions.UnauthorizedSSOTokenError,
    exceptions.SSOTokenLoadError,
    exceptions.TokenRetrievalError,
    exceptions.LoginRefreshRequired,
    exceptions.LoginTokenLoadError,
)
"""A login of the SSO or of `aws login` that is not there any more, or never was."""

NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.MetadataRetrievalError,
    exceptions.RefreshWithMFAUnsupportedError,
    exceptions.NoAuthTokenError,
    exceptions.UnknownCredentialError,
    exceptions.LoginError,
)
UNREACHABLE = (exceptions.HTTPClientError, exceptions.ConnectionError)
UNUSABLE = (
    exceptions.ProfileNotFound,
    exceptions.ConfigParseError,
    exceptions.InvalidConfigError,
    exceptions.ConfigNotFound,
    exceptions.MissingDependencyException,
)


@dataclass(frozen=True, kw_only=True)
class Login:
    """Where the credentials come from: what helps when they are not taken."""

    region: str
    profile: str | None
    method: Callable[[], str | None]
    """botocore's word for their source: sso, login, env, shared-credentials-file, assume-role…; asked for errors only,
    since it may have to fetch them."""

    @property
    def whose(self) -> str:
        return f"The credentials of profile {self.profile}" if self.profile else "The credentials"

    @property
    def again(self) -> str:
        """What brings fresh ones."""
        flag = f" --profile {self.profile}" if self.profile else ""
        fixes: Mapping[str | None, str] = {
            "env": "Export fresh AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.",
            "login": f"Run: aws login{flag}",
            "shared-credentials-file": f"Write fresh ones with: aws configure{flag}",
        }
        return fixes.get(self.method(), f"Run: aws sso login{flag}")


@contextmanager
def translated(login: Login, asked: str) -> Iterator[None]:
    """`asked`: service and operation, for the message."""
    try:
        yield
    except exceptions.ClientError as error:
        answer = error.response.get("Error", {})
        raise of_answer(login, asked, answer.get("Code", "?"), answer.get("Message", "")) from error
    except exceptions.BotoCoreError as error:
        raise of_client(login, asked, error) from error


def of_answer(login: Login, asked: str, code: str, message: str) -> AccountError:
    """The error that an answer with this code is."""
    said = message.strip().rstrip(".") or "no reason was given"
    if code in EXPIRED:
        return CredentialsExpired(f"{login.whose} have expired. {login.again}")
    if code in SKEWED or (code in REFUSED and "Signature" in message and ("expired" in message or "yet" in message)):
        return CredentialsRefused(f"AWS finds the time of the request wrong ({said}). Set this machine's clock.")
    if code in REFUSED:
        return CredentialsRefused(f"{login.whose} are not taken in {login.region} ({code}: {said}). {login.again}")
    if code in FORBIDDEN:
        return AccountForbidden(
            f"{asked} is not allowed: {said}. Let somebody add it to your role, or take another one."
        )
    if "NotFound" in code or code.startswith("NoSuch"):
        return NotInAccount(f"{asked} found nothing in {login.region} ({code}): {said}.")
    if code in THROTTLED:
        return AccountThrottled(f"AWS asks for patience at {asked} ({code}), after all retries. Run this again later.")
    return AccountError(f"AWS refused {asked} in {login.region} ({code}): {said}.")


def of_client(login: Login, asked: str, error: exceptions.BotoCoreError) -> AccountError | SettingsError:
    """The error that botocore came to without an answer."""
    if isinstance(error, NO_SESSION):
        return CredentialsExpired(f"The login of {login.profile or 'the AWS profile'} is over. {login.again}")
    if isinstance(error, NO_CREDENTIALS):
        return CredentialsMissing(_missing(login, error))
    if isinstance(error, UNUSABLE):
        return SettingsError(f"The AWS configuration cannot be used: {_said(error)}. See: aws configure list-profiles")
    if isinstance(error, UNREACHABLE):
        return AccountUnreachable(
            f"AWS cannot be reached for {asked} in {login.region}: {_said(error)}. Is {login.region} a region, and "
            "is the network (VPN, proxy) up?"
        )
    return AccountError(f"{asked} could not be asked: {_said(error)}.")


def _missing(login: Login, error: exceptions.BotoCoreError) -> str:
    if isinstance(error, exceptions.NoCredentialsError):
        whose = f"for profile {login.profile}" if login.profile else "and no profile is named (llmctl:aws.profile)"
        return f"There are no AWS credentials {whose}. Run: aws configure sso"
    return f"{login.whose} could not be had: {_said(error)}. {login.again}"


def _said(error: Exception) -> str:
    return str(error).strip().rstrip(".").splitlines()[0]
