"""The Pulumi program: what an agency gets in the cluster, one component a file."""
