"""Everything that touches Pulumi, a cloud account or a cluster. Imports serving, never cli."""
