// The part of NotebookView that has to do with what its kernel may have of the machine and what it
// took of it; and the sentences about it.

#include "app/notebook/notebookruntime.h"

#include "app/celllist/usagetext.h"
#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "core/base/onfinished.h"
#include "core/client/kernelcontrol.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace farcell {

namespace {

// Colab's "High-RAM" machines have about 51 GB, the others 12.7.
constexpr qint64 highMemoryBytes = qint64{48} << 30;

QString askedFor(const RuntimeWish &wish)
{
    if (wish.accelerator == RuntimeWish::Accelerator::Tpu)
        return NotebookView::tr("a TPU");
    return wish.gpuType.isEmpty() ? NotebookView::tr("a GPU")
                                  : NotebookView::tr("a GPU (%1)").arg(wish.gpuType);
}

QString sentence(const QString &text)
{
    return text.endsWith(QLatin1Char('.')) ? text : text + QLatin1Char('.');
}

} // namespace

QString noGpuText(const api::RuntimeOffer &offer, const QString &where)
{
    const QString none = NotebookView::tr("There is no GPU on %1").arg(where);
    return offer.gpus.reason.isEmpty() ? sentence(none)
                                       : none + QStringLiteral(": ") + sentence(offer.gpus.reason);
}

QString shortfall(const RuntimeWish &wish, const api::RuntimeOffer &offer, const QString &where)
{
    using Accelerator = RuntimeWish::Accelerator;
    QStringList sentences;
    const auto &gpus = offer.gpus.gpus;
    const QString asks = NotebookView::tr("This notebook asks for %1.");
    if (wish.accelerator == Accelerator::Tpu) {
        sentences << asks.arg(askedFor(wish)) << NotebookView::tr("Farcell has none to give.");
    } else if (wish.accelerator == Accelerator::Gpu && gpus.empty()) {
        sentences << asks.arg(askedFor(wish)) << noGpuText(offer, where);
    } else if (wish.accelerator == Accelerator::Gpu && !wish.gpuType.isEmpty()) {
        QStringList types;
        for (const api::GpuDevice &gpu : gpus) {
            if (const QString type = gpuTypeOf(gpu.name); !types.contains(type))
                types << type;
        }
        if (!types.contains(wish.gpuType, Qt::CaseInsensitive))
            sentences
                << asks.arg(askedFor(wish))
                << NotebookView::tr("%1 has: %2.").arg(where, types.join(QStringLiteral(", ")));
    }
    if (wish.highMemory && offer.memory > 0 && offer.memory < highMemoryBytes)
        sentences << asks.arg(NotebookView::tr("a machine with high RAM (51 GB at Colab)"))
                  << NotebookView::tr("%1 has %2.").arg(where, memoryText(offer.memory));
    return sentences.join(QLatin1Char(' '));
}

QString shortfallUnknown(const RuntimeWish &wish, const QString &where)
{
    using Accelerator = RuntimeWish::Accelerator;
    if (wish.accelerator != Accelerator::Gpu && wish.accelerator != Accelerator::Tpu)
        return {};
    return NotebookView::tr("This notebook asks for %1. %2 does not tell which GPUs it has, nor "
                            "lets them be chosen: its server is not Farcell, or an older one.")
        .arg(askedFor(wish), where);
}

void NotebookView::wireRuntimeType()
{
    connect(m_kernel.get(), &KernelLink::connected, this, &NotebookView::checkWish);
    connect(m_kernel.get(), &KernelLink::limitsRefused, this, [this](const QString &why) {
        m_info->showMessage(QStringLiteral("limits"), InfoBar::Kind::Warning,
                            tr("The kernel runs without its limits: %1").arg(sentence(why)));
    });
    connect(m_session.get(), &NotebookSession::gpuShortageReported, this,
            [this](const CellId &id, const api::GpuShortage &shortage) {
                const KernelConnection *connection = m_kernel->connection();
                m_list->setNote(
                    id, shortageText(shortage, connection ? connection->kernelId() : KernelId()));
            });
}

// A file that says it needs no accelerator gets none, as at Colab.
void NotebookView::followWish()
{
    if (!m_kernel->resources().isDefault())
        return; // chosen already
    api::KernelResources resources;
    if (runtimeWishOf(m_document->metadata()).accelerator == RuntimeWish::Accelerator::None)
        resources.gpus.emplace();
    m_kernel->setResources(resources);
}

// Once per kernel: does its machine have what the file asks for?
void NotebookView::checkWish()
{
    const RuntimeWish wish = runtimeWishOf(m_document->metadata());
    KernelControl *control = m_kernel->runtime() ? m_kernel->runtime()->control() : nullptr;
    const KernelConnection *connection = m_kernel->connection();
    if (!control || !connection || connection->kernelId() == m_checkedKernel)
        return;
    m_checkedKernel = connection->kernelId();
    m_info->hideMessage(QStringLiteral("runtimeType"));
    const bool asksNothing =
        !wish.highMemory && (wish.accelerator == RuntimeWish::Accelerator::None ||
                             wish.accelerator == RuntimeWish::Accelerator::Unsaid);
    if (asksNothing)
        return;
    onFinished(control->runtime(), this,
               [this, wish, kernel = m_checkedKernel](const Result<api::RuntimeOffer> &offer) {
                   if (kernel != m_checkedKernel || !m_kernel->runtime())
                       return;
                   const QString where = m_kernel->runtime()->name();
                   QString text;
                   if (offer)
                       text = shortfall(wish, *offer, where);
                   else if (offer.error().code == ErrorCode::NotFound)
                       text = shortfallUnknown(wish, where);
                   if (!text.isEmpty())
                       m_info->showMessage(
                           QStringLiteral("runtimeType"), InfoBar::Kind::Info, text,
                           {{tr("Change runtime type…"),
                             [this] { emit commandRequested(QStringLiteral("runtime.type")); }}});
               });
}

void NotebookView::setRuntimeType(const RuntimeTypeChoice &choice)
{
    m_document->beginMacro();
    setRuntimeWish(*m_document, choice.wish);
    // A kernel that starts is remembered when it runs; see rememberKernel().
    m_kernelChosen = choice.startsKernel && choice.changesKernel;
    if (!choice.startsKernel && choice.changesKernel) {
        nlohmann::ordered_json metadata = m_document->metadata().toJson();
        if (!metadata.is_object())
            metadata = nlohmann::ordered_json::object();
        metadata["kernelspec"] = {{"display_name", choice.kernelTitle.toStdString()},
                                  {"name", choice.kernelName.toStdString()}};
        m_document->setMetadata(metadata);
    }
    m_document->endMacro();
    m_info->hideMessage(QStringLiteral("limits"));
    m_info->hideMessage(QStringLiteral("runtimeType"));
    m_kernel->setResources(choice.resources);
    if (choice.startsKernel)
        m_kernel->connectKernelSpec(choice.kernelName);
}

} // namespace farcell
