package main

import (
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
)

func main() {
	os.Stdout.WriteString(version.Version + "\n")
}
