"""The stage table, the settings tree, the store and the runner: how a shot flows from plate to delivery."""
