// The firewall of kube-router alone: network policies as rules of iptables.
package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/spf13/pflag"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// A full round of the rules follows each change; without one for longer than this it hangs.
const silence = 5 * time.Minute

func main() {
	config := options.NewKubeRouterConfig()
	config.AddFlags(pflag.CommandLine)
	health := pflag.String("health", "", "address of the page that tells whether rules are kept")
	pflag.Parse()
	if err := run(config, *health); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(config *options.KubeRouterConfig, health string) error {
	access, err := clientcmd.BuildConfigFromFlags("", config.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	factory := informers.NewSharedInformerFactory(client, 0)
	factory.Core().V1().Nodes().Informer()
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(stop)
	for kind, known := range factory.WaitForCacheSync(stop) {
		if !known {
			return fmt.Errorf("%v: not known", kind)
		}
	}

	rules, sets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return err
	}
	var lock sync.Mutex
	firewall, err := netpol.NewNetworkPolicyController(
		client, config, pods, policies, namespaces, &lock, nil, rules, sets)
	if err != nil {
		return err
	}
	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandler{
		pods:       firewall.PodEventHandler,
		namespaces: firewall.NamespaceEventHandler,
		policies:   firewall.NetworkPolicyEventHandler,
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}

	beats := make(chan *healthcheck.ControllerHeartbeat, 10)
	var working sync.WaitGroup
	working.Add(1)
	go firewall.Run(beats, stop, &working)
	failed := make(chan error, 1)
	go func() { failed <- tell(health, beats) }()
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	select {
	case err = <-failed:
	case <-ended:
	}
	close(stop)
	working.Wait()
	return err
}

// tell answers 200 as long as the controller has given a sign of life lately.
func tell(address string, beats <-chan *healthcheck.ControllerHeartbeat) error {
	if address == "" {
		return errors.New("--health is missing")
	}
	var last atomic.Int64
	go func() {
		for beat := range beats {
			last.Store(beat.LastHeartBeat.Unix())
		}
	}()
	answer := func(to http.ResponseWriter, _ *http.Request) {
		if time.Since(time.Unix(last.Load(), 0)) > silence {
			http.Error(to, "no sign of life", http.StatusServiceUnavailable)
		}
	}
	server := &http.Server{
		Addr: address, Handler: http.HandlerFunc(answer), ReadHeaderTimeout: 5 * time.Second,
	}
	return server.ListenAndServe()
}
