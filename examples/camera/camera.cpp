// A camera's loop: one thread takes pictures, another runs each through a network before the next one comes, and what
// is not ready in time is given up.
//
//     camera PACK [--rate HZ] [--frames N] [--deadline MS] [--threads N]
//
// The pictures are a moving pattern; take_picture is where a camera's driver would be asked. Prints the verdicts. Exit
// status 1: the pack cannot be used, or frames are not accounted for.
#include <espalier.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the runtime's

template <auto End>
struct Ends {
  template <typename Handle>
  void operator()(Handle *handle) const {
    End(handle);
  }
};
using Model = std::unique_ptr<espalier_model, Ends<espalier_model_close>>;
using Session = std::unique_ptr<espalier_session, Ends<espalier_session_destroy>>;
using Mailbox = std::unique_ptr<espalier_mailbox, Ends<espalier_mailbox_destroy>>;

// Fills itself on failure; `require` throws what it says.
struct Error : espalier_error {
  Error() : espalier_error{ESPALIER_OK, ""} {}
  template <typename Handle>
  Handle *require(Handle *handle) const {
    if (handle == nullptr) throw std::runtime_error(message);
    return handle;
  }
  void require(espalier_status status) const {
    if (status != ESPALIER_OK) throw std::runtime_error(message);
  }
};

struct Options {
  const char *pack = nullptr;
  double rate = 30, deadline_milliseconds = 0;
  unsigned frames = 90, threads = 1;
};

Options parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; i++) {
    const std::string name = argv[i];
    if (name.rfind("--", 0) != 0) {
      options.pack = argv[i];
      continue;
    }
    if (++i == argc) throw std::invalid_argument(name + " needs a number");
    const double number = std::atof(argv[i]);
    if (!(number > 0)) throw std::invalid_argument(name + " " + argv[i] + ": not a number above 0");
    if (name == "--rate") options.rate = number;
    else if (name == "--frames") options.frames = static_cast<unsigned>(number);
    else if (name == "--deadline") options.deadline_milliseconds = number;
    else if (name == "--threads") options.threads = static_cast<unsigned>(number);
    else throw std::invalid_argument("there is no option " + name);
  }
  if (options.pack == nullptr)
    throw std::invalid_argument("camera PACK [--rate HZ] [--frames N] [--deadline MS] [--threads N]");
  if (options.deadline_milliseconds == 0) options.deadline_milliseconds = 1000 / options.rate;
  return options;
}

// Elements of every input or output; the pictures of all inputs lie one behind another.
using PortOf = espalier_status (*)(const espalier_model *, size_t, espalier_port *, espalier_error *);
std::vector<size_t> element_counts(const espalier_model *model, size_t count, PortOf describe) {
  std::vector<size_t> counts;
  for (size_t i = 0; i < count; i++) {
    Error error;
    espalier_port port{};
    error.require(describe(model, i, &port, &error));
    counts.push_back(port.element_count);
  }
  return counts;
}

void take_picture(unsigned number, float *pixels, size_t count) {
  for (size_t i = 0; i < count; i++) pixels[i] = static_cast<float>((i + number * 7) % 256) / 255.0f;
}

// The camera's thread: a picture at each period, from the moment that it begins.
void film(espalier_mailbox *mailbox, const Options &options, size_t element_count) {
  const auto start = Clock::now();
  for (unsigned i = 0; i < options.frames; i++) {
    std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(
                                              std::chrono::duration<double>(i / options.rate)));
    void *room = espalier_mailbox_reserve(mailbox, 0);
    if (room == nullptr) continue;  // counted as dropped
    take_picture(i, static_cast<float *>(room), element_count);
    espalier_frame frame = ESPALIER_FRAME_INIT;
    frame.sequence = i;
    frame.captured_nanoseconds = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count());
    espalier_mailbox_publish(mailbox, &frame);
  }
  espalier_mailbox_close(mailbox);
}

struct Sums {
  uint64_t longest_nanoseconds = 0, oldest_nanoseconds = 0;
  double checksum = 0;
};

// The loop itself: nothing in it allocates.
Sums run_frames(espalier_session *session, espalier_mailbox *mailbox, const Options &options,
                const std::vector<size_t> &input_counts, std::vector<std::vector<float>> &results) {
  std::vector<const float *> inputs(input_counts.size());
  std::vector<float *> outputs;
  for (auto &result : results) outputs.push_back(result.data());
  Sums sums;
  Error error;
  espalier_frame frame = ESPALIER_FRAME_INIT;
  while (const void *picture = espalier_mailbox_take(mailbox, ESPALIER_UNKNOWN, &frame)) {
    const float *next = static_cast<const float *>(picture);
    for (size_t i = 0; i < inputs.size(); next += input_counts[i++]) inputs[i] = next;
    frame.deadline_nanoseconds =
        frame.captured_nanoseconds + static_cast<uint64_t>(options.deadline_milliseconds * 1e6);
    espalier_verdict verdict = ESPALIER_VERDICT_INIT;
    error.require(espalier_session_run_deadline(session, inputs.data(), inputs.size(), outputs.data(),
                                                outputs.size(), &frame, &verdict, &error));
    if (verdict.outcome != ESPALIER_MET && verdict.outcome != ESPALIER_LATE) continue;  // no outputs
    sums.checksum += results[0][0];
    if (verdict.model_nanoseconds > sums.longest_nanoseconds) sums.longest_nanoseconds = verdict.model_nanoseconds;
    if (verdict.age_nanoseconds > sums.oldest_nanoseconds) sums.oldest_nanoseconds = verdict.age_nanoseconds;
  }
  return sums;
}

int film_and_run(const Options &options) {
  Error error;
  const Model model(error.require(espalier_model_open(options.pack, &error)));
  espalier_session_options wanted = ESPALIER_SESSION_OPTIONS_INIT;
  wanted.threads = options.threads;
  const Session session(error.require(espalier_session_create(model.get(), &wanted, &error)));
  espalier_facts facts = ESPALIER_FACTS_INIT;
  error.require(espalier_session_prepare(session.get(), 3, 0, &facts, &error));
  const auto input_counts =
      element_counts(model.get(), espalier_model_input_count(model.get()), espalier_model_input);
  std::vector<std::vector<float>> results;
  for (size_t count : element_counts(model.get(), espalier_model_output_count(model.get()), espalier_model_output))
    results.emplace_back(count);
  size_t element_count = 0;
  for (size_t count : input_counts) element_count += count;
  const Mailbox mailbox(error.require(espalier_mailbox_create(element_count * sizeof(float), 0, &error)));

  std::thread camera(film, mailbox.get(), std::cref(options), element_count);
  Sums sums;
  try {
    sums = run_frames(session.get(), mailbox.get(), options, input_counts, results);
  } catch (...) {
    espalier_mailbox_close(mailbox.get());
    camera.join();
    throw;
  }
  camera.join();

  espalier_counters counters = ESPALIER_COUNTERS_INIT;
  error.require(espalier_session_counters(session.get(), &counters, &error));
  uint64_t published = 0, dropped = 0, taken = 0;
  espalier_mailbox_counts(mailbox.get(), &published, &dropped, &taken);
  std::printf("camera: %u threads, %s: %u pictures at %g Hz: %llu met, %llu late, %llu cancelled, %llu skipped, "
              "%llu dropped; network %.2f ms at most, outputs %.2f ms old at most; sum %.4f\n",
              facts.threads, facts.instruction_set, options.frames, options.rate,
              static_cast<unsigned long long>(counters.met), static_cast<unsigned long long>(counters.late),
              static_cast<unsigned long long>(counters.cancelled),
              static_cast<unsigned long long>(counters.skipped), static_cast<unsigned long long>(dropped),
              static_cast<double>(sums.longest_nanoseconds) / 1e6,
              static_cast<double>(sums.oldest_nanoseconds) / 1e6, sums.checksum);
  const uint64_t judged = counters.met + counters.late + counters.cancelled + counters.skipped;
  if (judged != taken || taken + dropped != options.frames) {
    std::fprintf(stderr, "camera: frames are missing: %llu taken, %llu judged\n",
                 static_cast<unsigned long long>(taken), static_cast<unsigned long long>(judged));
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  try {
    return film_and_run(parse(argc, argv));
  } catch (const std::invalid_argument &error) {
    std::fprintf(stderr, "camera: %s\n", error.what());
    return 2;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "camera: %s\n", error.what());
    return 1;
  }
}
