package main

import (
	"syscall"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
)

// Only syscall is imported, so that a build with an empty cache compiles as few of Go's own packages as possible.
func main() {
	syscall.Write(1, []byte(version.Version+"\n"))
}
