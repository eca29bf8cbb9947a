"""What people touch: pages, command line, settings, wiring. The only room that builds concrete objects."""
