"""What can go wrong while choosing, fetching and serving a model.

ServingError
├── ModelError            the model cannot be used as asked
│   ├── ModelNotFound     no such repository, revision or file
│   ├── ModelDamaged      a file is there and is not what it should be (magic, size, SHA-256)
│   └── ModelAccessDenied the Hub wants a token or an accepted licence
├── HardwareError         no such accelerator or machine type, or a price file that cannot be read
├── SizingError           a question that has no answer: nonsense numbers, a model whose facts do not suffice
├── EngineError           an engine lacks what was asked of it, or does not know a flag
├── RegistryError         a container registry refuses, or its answer cannot be used
│   └── RegistryUnreachable  it does not answer, or not to the end; trying again may help
├── InvalidImage          an image reference, or the images' lock file, is not written as it must be
├── ManifestError         a stack's Kubernetes objects cannot be made as asked: names clash, a network must not be
├── GatewayError          a gateway cannot be made so, or its administration refuses
├── DownloadFailed        the network or the Hub failed; trying again may help
├── InvalidWeights        the list of a model's files is not written as it must be, or says too little of one
├── DiskFull              the files do not fit where they are to go
└── EndpointError         the endpoint did not answer as it should
    ├── EndpointUnreachable  nothing answers there, or not in time
    ├── EndpointDenied       the API key is missing or wrong
    ├── EndpointOverloaded   too many requests; trying again will help
    └── RequestRefused       the request itself is not allowed (too long, a bad parameter)
"""

from __future__ import annotations


class ServingError(Exception):
    """Base of everything that serving raises on purpose. The message says what, where, allowed, next."""


class ModelError(ServingError):
    pass


class ModelNotFound(ModelError):
    pass


class ModelDamaged(ModelError):
    pass


class ModelAccessDenied(ModelError):
    pass


class HardwareError(ServingError):
    pass


class SizingError(ServingError):
    pass


class EngineError(ServingError):
    pass


class RegistryError(ServingError):
    pass


class RegistryUnreachable(RegistryError):
    pass


class InvalidImage(ServingError):
    pass


class GatewayError(ServingError):
    pass


class DownloadFailed(ServingError):
    pass


class ManifestError(ServingError):
    pass


class InvalidWeights(ServingError):
    pass


class DiskFull(ServingError):
    pass


class EndpointError(ServingError):
    pass


class EndpointUnreachable(EndpointError):
    pass


class EndpointDenied(EndpointError):
    pass


class EndpointOverloaded(EndpointError):
    pass


class RequestRefused(EndpointError):
    pass
