"""A project's month: in, fees, days paid for, worked, paid, reserved, left."""
