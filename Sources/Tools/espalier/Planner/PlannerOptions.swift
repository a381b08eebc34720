internal import ArgumentParser

/// How `compile` finds out which kernel is the fastest for a layer.
struct PlannerOptions: ParsableArguments {
  @Flag(
    help: """
      Measure on this processor which kernel is the fastest for each layer, with --threads threads; the pack \
      remembers what was chosen.
      """)
  var tune = false

  @Option(
    name: [.long, .customLong("timingCacheFile")],
    help: ArgumentHelp(
      """
      A table of kernel times, as 'measure' makes it, here or on another machine. With --tune what is missing is \
      measured and added to it.
      """, valueName: "FILE"))
  var costs: String?
}
