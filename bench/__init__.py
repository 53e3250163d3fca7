"""How fast the plugin is, as ratios against peers that are measured in the same run."""
