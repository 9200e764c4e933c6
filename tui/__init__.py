"""The administrator's terminal console; it speaks to the appliance over HTTPS and WebSocket only."""
