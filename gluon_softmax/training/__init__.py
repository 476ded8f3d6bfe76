"""Training of either implementation: loop, data loaders, devices, and saved parameters."""
