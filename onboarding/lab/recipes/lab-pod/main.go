// One static program for the lab's pods: it keeps a sandbox, serves, and tries to reach others.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage: lab-pod pause             wait until told to end; collect ended children
       lab-pod serve ADDRESS     answer HTTP requests with the name of this host
       lab-pod reach HOST:PORT   connect within three seconds, or end with 1
       lab-pod lookup NAME       print the addresses of a name, or end with 1
       lab-pod write FILE TEXT   write a file
       lab-pod read FILE         print a file`

func main() {
	if len(os.Args) < 2 {
		fail(usage)
	}
	command, rest := os.Args[1], os.Args[2:]
	wanted := map[string]int{"pause": 0, "serve": 1, "reach": 1, "lookup": 1, "write": 2, "read": 1}
	if count, known := wanted[command]; !known || count != len(rest) {
		fail(usage)
	}
	switch command {
	case "pause":
		pause()
	case "serve":
		serve(rest[0])
	case "reach":
		connection, err := net.DialTimeout("tcp", rest[0], 3*time.Second)
		check(err)
		fmt.Println("reached", connection.RemoteAddr())
	case "lookup":
		limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		found, err := net.DefaultResolver.LookupHost(limited, rest[0])
		check(err)
		fmt.Println(found)
	case "write":
		check(os.WriteFile(rest[0], []byte(rest[1]), 0o600))
	case "read":
		content, err := os.ReadFile(rest[0])
		check(err)
		os.Stdout.Write(content)
	}
}

func pause() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for one := range ended {
		if one != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}

func serve(address string) {
	name, err := os.Hostname()
	check(err)
	answer := func(to http.ResponseWriter, _ *http.Request) { fmt.Fprintln(to, name) }
	server := &http.Server{
		Addr:              address,
		Handler:           http.HandlerFunc(answer),
		ReadHeaderTimeout: 5 * time.Second,
	}
	check(server.ListenAndServe())
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
