"""A simulated arm: its scene, controllers, sensors, tasks, and the person beside it."""
