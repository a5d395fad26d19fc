-- Planning a projection takes longer than loading a quiet second's records. These passes have nothing to find here.
SETTINGS optimize_and_compare_chain = 0, query_plan_enable_optimizations = 0
