"""A double of the provider plugin pulumi-kubernetes, on a real API server.

type_tokens     which API a resource type is
configuration   the provider's settings, and the cluster they mean
api             requests to the API server, in its own words; what kinds it has
inputs          what Check does to a manifest: names, namespaces, and what the API server cannot know
replacements    which changed values mean another object
checkpoint      the state of a resource: the live object, and the inputs that made it
objects         create, read, update, delete: apply, then wait
readiness/      is it ready, from objects as they are: pure
waiting         asks that until it is so, or time is up, or the engine has cancelled
plugin          gRPC in front of it all

What any double of a plugin needs (properties, difference, replies, the connection) stands one directory up.

Nothing above `plugin` knows gRPC, and only `api` opens a connection. docs/kubernetes-double.md says what the original
does and this does not. No code is the original's; the words of its messages are, where somebody reads them.
"""
