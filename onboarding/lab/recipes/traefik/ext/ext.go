// Package ext holds what other products add to Traefik's configuration: nothing.
package ext

type HTTP struct{}

type Router struct{}
