#!/bin/sh
# What acpid does when the host presses the power button.
echo L2-POWER-BUTTON > /dev/console
poweroff -f
