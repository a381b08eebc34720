internal import ArgumentParser
internal import Foundation

/// The command line. What a script relies on, the forms of the arguments and the exit status, is fixed.
@main struct Espalier: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "espalier",
    abstract: "Compiles trained CNNs into one packed file each, and runs them on the CPU.",
    discussion: """
      From a model to an answer:

        espalier inspect signs.onnx                       is all of it supported?
        espalier compile signs.onnx -o signs.espalier     make the packed file
        espalier run     signs.espalier --input stop.png  what does it say?
        espalier bench   signs.espalier --threads 2       how long does it take?
        espalier profile signs.espalier --threads 2       which call takes how long?
        espalier compare signs.onnx signs.espalier        is every layer right?
        espalier verify  signs.espalier                   and on this processor?

      On a video or a camera:

        espalier watch   detector.espalier drive.mp4 -o seen.mp4

      In 8 bits, from frames without labels, and how much that costs:

        espalier compile signs.onnx --calibrate pictures/ -o signs8.espalier
        espalier eval    signs8.espalier --data test/ --against signs.espalier

      For the processor that the pack will run on:

        espalier measure -o board.costs                   on it
        espalier compile signs.onnx --costs board.costs -o signs.espalier

      Smaller, by whole filters, and what there is to spare:

        espalier compile signs.onnx --calibrate pictures/ --prune 0.5 -o signs50.espalier
        espalier sensitivity signs.onnx --calibrate pictures/ -o curves.json

      Back to ONNX, simplified:

        espalier export  signs.onnx -o simple.onnx

      'espalier help SUBCOMMAND' explains one of them. With --json, the last line
      on standard output is one JSON object. Exit status: 0 done; 1 the model, the
      pack or an input is at fault, or a bar was missed; 2 wrong usage.
      """,
    version: "espalier \(version)",
    subcommands: [
      Inspect.self, Compile.self, Quantize.self, Run.self, WatchCommand.self, Bench.self, ProfileCommand.self,
      Compare.self, Verify.self, Evaluate.self, Observe.self, Calibrate.self, Merge.self, Rank.self,
      Sensitivity.self,
      Measure.self,
      Export.self, Operators.self,
      Compete.self,
    ])

  static func main() {
    do {
      let arguments = CommandLine.arguments.dropFirst()
      if arguments.first == Bench._commandName,
        let refusal = OtherTools.refusal(of: Array(arguments.dropFirst()))
      {
        throw UsageError(refusal)
      }
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Foundation.exit(report(error).rawValue)
    }
  }

  /// Prints what is to be said about an error and gives the exit status that stands for it.
  private static func report(_ error: any Error) -> ExitStatus {
    if let error = error as? UsageError {
      Console.note("espalier: \(error.description)")
      return .usage
    }
    switch exitCode(for: error) {
    case .success:
      print(fullMessage(for: error))
      return .done
    case .validationFailure:
      Console.note(fullMessage(for: error))
      return .usage
    default:
      if let code = error as? ExitCode { return ExitStatus(rawValue: code.rawValue) ?? .failed }
      Console.note("espalier: \(error)")
      return .failed
    }
  }
}

/// What the shell sees.
enum ExitStatus: Int32 {
  case done = 0
  /// The model, the pack or an input is at fault, or a bar was missed.
  case failed = 1
  case usage = 2
}

/// Arguments that contradict each other or what the pack holds. The sentence says what to do.
struct UsageError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A model, pack or input that cannot be used, where no stage has an error of its own.
struct CommandError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
