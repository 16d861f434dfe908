"""Results of the layers below as views: data for programs, text for people."""
