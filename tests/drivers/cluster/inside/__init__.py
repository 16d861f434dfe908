"""What runs within the namespaces, as their process 1."""
