"""How a service is run: settings, audit trail, alarms, background tasks, status and pages."""
