// A small server for tests of the cluster itself: it says its pod's name, and lets begun requests finish when it ends.
// `answerer lookup NAME` prints the addresses of a name, by the DNS of the pod.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sort"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "lookup" {
		lookup(os.Args[2])
		return
	}
	serve()
}

func lookup(name string) {
	addresses, err := net.LookupHost(name)
	if err != nil {
		log.Fatal(err)
	}
	sort.Strings(addresses)
	fmt.Println(strings.Join(addresses, "\n"))
}

func serve() {
	host, _ := os.Hostname()
	version := os.Getenv("VERSION")
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		log.Printf("%s %s", request.Method, request.URL.Path)
		fmt.Fprintf(answer, "%s %s\n", host, version)
	})
	server := &http.Server{Addr: ":8080"}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	log.Printf("%s answers on port 8080", host)
	<-ended
	patience, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		log.Fatal(err)
	}
}
