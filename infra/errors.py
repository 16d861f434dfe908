"""What can go wrong between a stack file and a running deployment.

InfraError
├── SettingsError         the stack file or the command's words are wrong            exit 2
├── DeploymentFailed      Pulumi, the network or a provider failed while working     exit 1
│   ├── PulumiCliMissing  no usable Pulumi CLI, and none could be fetched or built   exit 1
│   ├── PluginMissing     a provider plugin is not there and could not be fetched    exit 1
│   ├── StackLocked       somebody else works on this stack                          exit 1
│   ├── ClusterError      a Kubernetes API did not do as it was asked                exit 1
│   │   ├── ClusterUnreachable  nobody answers there: address, network, TLS          exit 1
│   │   ├── ClusterSlow         it was reached, and did not answer in time           exit 1
│   │   ├── ClusterForbidden    the credentials are not taken, or may not do this    exit 1
│   │   ├── ObjectNotFound      no such object, or kind of object                    exit 1
│   │   └── ObjectConflict      it changed meanwhile, or is there already            exit 1
│   └── AccountError      a cloud's API did not do as it was asked                    exit 1
│       ├── CredentialsMissing  none were found, or could not be fetched             exit 1
│       ├── CredentialsExpired  they were good once: log in anew                     exit 1
│       ├── CredentialsRefused  the cloud does not take them                         exit 1
│       ├── RegionDisabled      the account has not switched this region on          exit 1
│       ├── AccountForbidden    the credentials are taken, and may not do this       exit 1
│       ├── NotInAccount        no such thing there                                  exit 1
│       ├── AccountThrottled    it asks for patience, even after all retries         exit 1
│       └── AccountUnreachable  nobody answers there: address, network, TLS          exit 1
├── Refused               a preflight check or a guard said no, nothing was touched  exit 6
├── Declined              the plan was shown and the answer was no                   exit 7
└── Interrupted           stopped by the user, the state is consistent               exit 130
"""

from __future__ import annotations


class InfraError(Exception):
    """Base of everything that infra raises on purpose. The message says what, where, allowed, next."""


class SettingsError(InfraError):
    pass


class DeploymentFailed(InfraError):
    pass


class PulumiCliMissing(DeploymentFailed):
    pass


class PluginMissing(DeploymentFailed):
    pass


class StackLocked(DeploymentFailed):
    pass


class ClusterError(DeploymentFailed):
    pass


class ClusterUnreachable(ClusterError):
    pass


class ClusterSlow(ClusterError):
    pass


class ClusterForbidden(ClusterError):
    pass


class ObjectNotFound(ClusterError):
    pass


class ObjectConflict(ClusterError):
    pass


class AccountError(DeploymentFailed):
    pass


class CredentialsMissing(AccountError):
    pass


class CredentialsExpired(AccountError):
    pass


class CredentialsRefused(AccountError):
    pass


class RegionDisabled(AccountError):
    pass


class AccountForbidden(AccountError):
    pass


class NotInAccount(AccountError):
    pass


class AccountThrottled(AccountError):
    pass


class AccountUnreachable(AccountError):
    pass


class Refused(InfraError):
    pass


class Declined(InfraError):
    pass


class Interrupted(InfraError):
    pass
