"""The appliance: rules, storage, use cases, web and command line. It never imports `workers` or `tui`."""
