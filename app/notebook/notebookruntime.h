#pragma once

#include "core/api/runtimetype.h"
#include "core/notebook/runtimewish.h"

#include <QString>

namespace farcell {

// What "Change runtime type" decides: the kernel, what it may have of its machine, and what the
// notebook's file is to say of it.
struct RuntimeTypeChoice
{
    QString kernelName, kernelTitle; // as the server names it, and for a person
    bool changesKernel = false;      // the person took another one than was shown
    api::KernelResources resources;
    RuntimeWish wish;
    bool startsKernel = false; // another kernel, or one with other resources, than runs now
};

// What the file asks for and `where` lacks, in one or two sentences; empty: nothing.
[[nodiscard]] QString shortfall(const RuntimeWish &wish, const api::RuntimeOffer &offer,
                                const QString &where);
// The same for a server that does not tell what it has.
[[nodiscard]] QString shortfallUnknown(const RuntimeWish &wish, const QString &where);

// The sentence of why there is no GPU, or that there is none.
[[nodiscard]] QString noGpuText(const api::RuntimeOffer &offer, const QString &where);

} // namespace farcell
