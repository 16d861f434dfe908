"""Doubles of provider plugins, so that a real program runs on the real Pulumi engine without what they need."""
