module gdcc.go.th/onboard/engines/lab-pod

go 1.26.0
