#include "app/runtime/runtimetypedialog.h"

#include "app/celllist/usagetext.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "app/runtime/gpupicker.h"
#include "app/theme/theme.h"
#include "core/base/onfinished.h"
#include "core/client/kernelcontrol.h"
#include "core/notebook/notebookdocument.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFuture>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QStandardItemModel>

#include <algorithm>
#include <cmath>

// Its widgets are made in runtimetypewidgets.cpp.

namespace farcell {

namespace {

constexpr double gibibyte = 1024.0 * 1024 * 1024;

QString homely(const api::Environment &environment)
{
    QStringList parts;
    if (environment.kind == QLatin1String("virtualenv"))
        parts << RuntimeTypeDialog::tr("virtual environment");
    else if (environment.kind == QLatin1String("conda"))
        parts << RuntimeTypeDialog::tr("conda environment");
    else if (environment.kind == QLatin1String("pyenv"))
        parts << RuntimeTypeDialog::tr("pyenv");
    if (!environment.python.isEmpty())
        parts << RuntimeTypeDialog::tr("Python %1").arg(environment.python);
    if (!environment.path.isEmpty())
        parts << environment.path;
    return parts.join(QStringLiteral("  ·  "));
}

} // namespace

RuntimeTypeDialog::RuntimeTypeDialog(NotebookView &notebook, ThemeSource &theme, QWidget *parent)
    : QDialog(parent)
    , m_notebook(&notebook)
    , m_runtime(notebook.kernel().runtime())
    , m_theme(theme)
    , m_wish(runtimeWishOf(notebook.document().metadata()))
    , m_current(notebook.kernel().resources())
    , m_kernelName(notebook.document().kernelName())
{
    if (const KernelConnection *connection = notebook.kernel().connection()) {
        m_kernel = connection->kernelId();
        m_kernelName = connection->kernelName();
    }
    setObjectName(QStringLiteral("runtimeTypeDialog"));
    setWindowTitle(tr("Change runtime type"));
    build();
    m_where->setText(m_runtime ? tr("%1 on %2").arg(notebook.title(), m_runtime->name())
                               : notebook.title());
    connect(&theme, &ThemeSource::themeChanged, this, &RuntimeTypeDialog::applyTheme);
    applyTheme();
    ask();
}

void RuntimeTypeDialog::ask()
{
    say(tr("Asking what is there…"), false);
    refresh();
    if (!m_runtime)
        return;
    m_runtime->whenReady(this, [this](const Result<RuntimeClient *> &client) {
        if (!client) {
            say(client.error().message + QLatin1Char('.'), true);
            return;
        }
        onFinished(m_runtime->control()->runtime(), this,
                   [this](const Result<api::RuntimeOffer> &offer) { useOffer(offer); });
    });
}

void RuntimeTypeDialog::useOffer(const Result<api::RuntimeOffer> &offer)
{
    if (!offer && offer.error().code == ErrorCode::NotFound) {
        useForeign();
        return;
    }
    if (!offer) {
        say(offer.error().message + QLatin1Char('.'), true);
        return;
    }
    m_offer = *offer;
    m_isKnown = m_isFarcell = true;
    showEnvironments();
    showGpus();
    showLimits();
    showResources(m_current);
    const QString lacking = m_runtime ? shortfall(m_wish, m_offer, m_runtime->name()) : QString();
    say(lacking, true);
    refresh();
    m_environments->setFocus();
    askNames();
    askGrant();
}

// Which notebook each kernel is of.
void RuntimeTypeDialog::askNames()
{
    if (!m_runtime || !m_runtime->control())
        return;
    onFinished(
        m_runtime->control()->kernels(), this, [this](const Result<QList<KernelSummary>> &kernels) {
            for (const KernelSummary &kernel : kernels.value_or(QList<KernelSummary>()))
                m_kernelNames.insert(kernel.id.toString(),
                                     kernel.notebook.isEmpty() ? kernel.name : kernel.notebook);
            const QStringList chosen = m_gpus->chosen();
            m_gpus->setOffer(m_offer, m_kernelNames, m_kernel.toString());
            m_gpus->setChosen(chosen);
        });
}

// What the running kernel was really given, also when another window chose it.
void RuntimeTypeDialog::askGrant()
{
    if (m_kernel.isEmpty() || !m_runtime || !m_runtime->control())
        return;
    onFinished(m_runtime->control()->grant(m_kernel), this,
               [this, before = resources()](const Result<KernelGrant> &grant) {
                   if (!grant)
                       return;
                   m_current = grant->resources;
                   if (resources() == before) // the person has not touched it yet
                       showResources(m_current);
                   if (!grant->limitsRefused.isEmpty())
                       m_limitNote->setText(grant->limitsRefused);
                   refresh();
               });
}

void RuntimeTypeDialog::useForeign()
{
    const QString where = m_runtime ? m_runtime->name() : QString();
    onFinished(
        m_runtime->client()->kernelSpecs(), this, [this](const Result<RemoteKernelSpecs> &specs) {
            if (!specs) {
                say(specs.error().message + QLatin1Char('.'), true);
                return;
            }
            m_offer = {};
            for (const RemoteKernelSpec &spec : specs->specs)
                m_offer.environments.push_back(
                    {spec.name, spec.displayName, QStringLiteral("kernelspec"), {}, {}, true});
            m_isKnown = true;
            showEnvironments();
            refresh();
        });
    const QString asked = shortfallUnknown(m_wish, where);
    say(asked.isEmpty() ? tr("%1 does not tell which GPUs it has, nor lets them be chosen: its "
                             "server is not Farcell, or an older one.")
                              .arg(where)
                        : asked,
        !asked.isEmpty());
    m_gpuNote->setText(tr("The kernel gets whatever the server gives it. What is chosen here is "
                          "only written into the notebook, for Colab."));
    m_limitNote->setText(tr("This server takes no limits."));
    showResources(m_current);
}

void RuntimeTypeDialog::showEnvironments()
{
    m_environments->clear();
    auto *model = qobject_cast<QStandardItemModel *>(m_environments->model());
    for (const api::Environment &environment : m_offer.environments) {
        QString title =
            environment.displayName.isEmpty() ? environment.name : environment.displayName;
        if (!environment.hasIpykernel)
            title = tr("%1 (no ipykernel in it)").arg(title);
        m_environments->addItem(title, environment.name);
        const int row = m_environments->count() - 1;
        m_environments->setItemData(row, homely(environment), Qt::ToolTipRole);
        if (!environment.hasIpykernel && model)
            model->item(row)->setEnabled(false);
    }
    int at = m_environments->findData(m_kernelName);
    if (at < 0) { // as KernelLink does: one of the notebook's language, or the first that starts
        for (int i = 0; i < m_environments->count() && at < 0; ++i) {
            if (m_offer.environments[std::size_t(i)].hasIpykernel)
                at = i;
        }
    }
    m_environments->setCurrentIndex(at);
    m_shownKernel = m_environments->currentData().toString();
}

void RuntimeTypeDialog::showGpus()
{
    const QString where = m_runtime ? m_runtime->name() : QString();
    const std::size_t count = m_offer.gpus.gpus.size();
    m_any->setText(count > 1 ? tr("Any GPU: all %1 of them").arg(count) : tr("Any GPU"));
    m_gpus->setOffer(m_offer, m_kernelNames, m_kernel.toString());
    if (count == 0)
        m_gpuNote->setText(noGpuText(m_offer, where));
    else if (!m_offer.gpus.driver.isEmpty())
        m_gpuNote->setText(
            m_offer.gpus.cuda.isEmpty()
                ? tr("Driver %1").arg(m_offer.gpus.driver)
                : tr("Driver %1, CUDA %2").arg(m_offer.gpus.driver, m_offer.gpus.cuda));
}

void RuntimeTypeDialog::showLimits()
{
    if (m_offer.memory > 0) {
        m_memory->setMaximum(std::max(1.0, std::floor(double(m_offer.memory) / gibibyte)));
        m_memory->setValue(m_memory->maximum());
        m_memoryNote->setText(tr("of %1").arg(memoryText(m_offer.memory)));
    }
    if (m_offer.cpus > 0) {
        m_cpus->setMaximum(m_offer.cpus);
        m_cpus->setValue(m_offer.cpus);
        m_cpuNote->setText(tr("of %1").arg(m_offer.cpus));
    }
    if (!m_offer.canLimit)
        m_limitNote->setText(
            m_offer.limitReason.isEmpty()
                ? tr("This machine does not permit limits.")
                : tr("Limits are not permitted here: %1").arg(m_offer.limitReason));
}

void RuntimeTypeDialog::showResources(const api::KernelResources &resources)
{
    const bool isNone = resources.gpus ? resources.gpus->isEmpty()
                                       : m_wish.accelerator == RuntimeWish::Accelerator::None;
    m_shown = isNone ? m_none : resources.gpus ? m_chosen : m_any;
    m_shown->setChecked(true);
    m_gpus->setChosen(resources.gpus.value_or(QStringList()));
    m_limitsMemory->setChecked(resources.memoryLimit.has_value());
    if (resources.memoryLimit)
        m_memory->setValue(double(*resources.memoryLimit) / gibibyte);
    m_limitsCpu->setChecked(resources.cpuLimit.has_value());
    if (resources.cpuLimit)
        m_cpus->setValue(*resources.cpuLimit);
}

// "Chosen GPUs" with none chosen would be none: the first one is a better guess.
void RuntimeTypeDialog::chooseAccelerator()
{
    if (m_chosen->isChecked() && m_gpus->chosen().isEmpty() && !m_offer.gpus.gpus.empty())
        m_gpus->setChosen({m_offer.gpus.gpus.front().uuid});
    refresh();
}

api::KernelResources RuntimeTypeDialog::resources() const
{
    api::KernelResources wanted;
    if (!m_isFarcell)
        return wanted;
    if (m_none->isChecked())
        wanted.gpus.emplace();
    else if (m_chosen->isChecked())
        wanted.gpus = m_gpus->chosen();
    if (m_limitsMemory->isChecked()) {
        wanted.memoryLimit = qint64(m_memory->value() * gibibyte);
        // The box shows less than the kernel's own limit may say.
        const qint64 now = m_current.memoryLimit.value_or(0);
        if (std::abs(double(*wanted.memoryLimit - now)) < gibibyte / 100)
            wanted.memoryLimit = now;
    }
    if (m_limitsCpu->isChecked())
        wanted.cpuLimit = m_cpus->value();
    return wanted;
}

RuntimeTypeChoice RuntimeTypeDialog::choice() const
{
    using Accelerator = RuntimeWish::Accelerator;
    RuntimeTypeChoice made;
    made.kernelName = m_environments->currentData().toString();
    made.kernelTitle = m_environments->currentText();
    made.changesKernel = made.kernelName != m_shownKernel;
    made.resources = resources();
    made.wish = m_wish;
    made.wish.highMemory = m_highMemory->isChecked();
    const bool isTouched = m_shown == nullptr || !m_shown->isChecked();
    if (m_chosen->isChecked()) {
        made.wish.accelerator = Accelerator::Gpu;
        made.wish.gpuType = m_gpus->firstType();
    } else if (isTouched && m_none->isChecked()) {
        made.wish.accelerator = Accelerator::None;
        made.wish.gpuType.clear();
    } else if (isTouched) {
        made.wish.accelerator = Accelerator::Gpu;
        if (made.wish.gpuType.isEmpty() && !m_offer.gpus.gpus.empty())
            made.wish.gpuType = gpuTypeOf(m_offer.gpus.gpus.front().name);
    }
    made.startsKernel = !m_kernel.isEmpty() && (made.resources != m_current || made.changesKernel);
    return made;
}

void RuntimeTypeDialog::refresh()
{
    const bool hasGpus = !m_offer.gpus.gpus.empty();
    m_environments->setEnabled(m_isKnown);
    for (QRadioButton *button : {m_none, m_any})
        button->setEnabled(m_isKnown);
    m_chosen->setEnabled(hasGpus);
    m_chosen->setVisible(hasGpus);
    m_gpus->setVisible(hasGpus && m_chosen->isChecked());
    const bool isSaidAbove = m_notice->text().contains(m_gpuNote->text());
    m_gpuNote->setVisible(!isSaidAbove); // that is so of an empty one too
    for (QWidget *part :
         {static_cast<QWidget *>(m_limitsMemory), static_cast<QWidget *>(m_limitsCpu)})
        part->setEnabled(m_isFarcell && m_offer.canLimit);
    m_memory->setEnabled(m_limitsMemory->isEnabled() && m_limitsMemory->isChecked());
    m_cpus->setEnabled(m_limitsCpu->isEnabled() && m_limitsCpu->isChecked());
    m_limitNote->setVisible(!m_limitNote->text().isEmpty());
    const int at = m_environments->currentIndex();
    const QString note =
        at >= 0 ? m_environments->itemData(at, Qt::ToolTipRole).toString() : QString();
    m_environmentNote->setText(note);
    m_environmentNote->setVisible(!note.isEmpty());
    const bool isComplete =
        m_isKnown && at >= 0 && !(m_chosen->isChecked() && m_gpus->chosen().isEmpty());
    m_warning->setVisible(isComplete && choice().startsKernel);
    m_save->setEnabled(isComplete);
    fit();
}

void RuntimeTypeDialog::say(const QString &text, bool isWarning)
{
    m_notice->setText(text);
    m_noticeBox->setProperty("warns", isWarning);
    m_noticeBox->setVisible(!text.isEmpty());
    applyTheme();
    fit();
}

} // namespace farcell
