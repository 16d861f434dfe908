// A Pulumi CLI of two files, with the import paths of the real one, so that the real build command builds it in a second.
module github.com/pulumi/pulumi

go 1.26.0
