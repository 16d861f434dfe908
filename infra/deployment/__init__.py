"""The Pulumi CLI and its plugins, the Automation API workspace, plans, progress, locks and the journal."""
