#pragma once

#include <QString>

namespace farcell {

class JsonText;
class NotebookDocument;

// What a notebook asks of the machine it runs on, in Colab's keys of its metadata: `accelerator`,
// `colab.gpuType`, `colab.machine_shape`.
struct RuntimeWish
{
    enum class Accelerator
    {
        Unsaid,
        None, // "None", "CPU"
        Gpu,
        Tpu
    };
    Accelerator accelerator = Accelerator::Unsaid;
    QString gpuType; // "T4", "A100"; empty: any
    bool highMemory = false;

    bool operator==(const RuntimeWish &) const = default;
};

[[nodiscard]] RuntimeWish runtimeWishOf(const JsonText &metadata);
// One undo step; what is the same already keeps its spelling.
void setRuntimeWish(NotebookDocument &document, const RuntimeWish &wish);

// "T4" of "Tesla T4", "H100" of "NVIDIA H100 80GB HBM3": the type as Colab names it.
[[nodiscard]] QString gpuTypeOf(const QString &deviceName);

} // namespace farcell
