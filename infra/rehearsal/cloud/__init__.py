"""A double of a cloud that the real Pulumi engine works on: a store on disk, rules that refuse, faults on demand."""
