"""The gateway: keys, limits, queue, affinity and routing in front of every engine. HAProxy is the plug."""
