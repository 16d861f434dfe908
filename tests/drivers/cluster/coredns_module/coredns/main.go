// CoreDNS with the plugins that the cluster's Corefile names, which spares the clients of five clouds.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/loop"
)

func init() {
	dnsserver.Directives = []string{"bind", "errors", "loadbalance", "cache", "kubernetes", "loop"}
}

func main() {
	coremain.Run()
}
