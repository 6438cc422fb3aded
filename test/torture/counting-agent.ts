/** `novella agent` that writes down each reboot of a guest: an entry of the torture's bundle. */
import './count-reboots.ts';
import '../../src/programs/main.ts';
