internal import ArgumentParser

@main struct Espalier: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "espalier", abstract: "Compiles CNNs.")
}
