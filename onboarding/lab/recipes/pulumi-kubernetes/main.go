// Command pulumi-resource-kubernetes serves the Kubernetes provider of Pulumi.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

// The full schema is needed by GetSchema and import only.
const schema = `{"name":"kubernetes","version":"4.25.0"}`

func main() {
	provider.Serve("kubernetes", version.Version, []byte(schema), []byte("{}"))
}
