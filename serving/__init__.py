"""What to run, never where: models, engines, the local model server and its client. No pulumi, no cloud SDK."""
