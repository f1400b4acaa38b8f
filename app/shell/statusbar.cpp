#include "app/shell/statusbar.h"

#include "app/notebook/documentfile.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/linknotice.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "app/theme/theme.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QTimer>

#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

StatusBar::StatusBar(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_mode(label())
    , m_cell(label())
    , m_hint(label())
    , m_run(label())
    , m_saved(label())
    , m_kernel(label())
    , m_language(label())
{
    setObjectName(QStringLiteral("statusBar"));
    setAttribute(Qt::WA_StyledBackground);
    setFixedHeight(26);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 0, 12, 0);
    layout->setSpacing(16);
    layout->addWidget(m_mode);
    layout->addWidget(m_cell);
    layout->addWidget(m_hint);
    layout->addStretch();
    layout->addWidget(m_run);
    layout->addWidget(m_saved);
    layout->addWidget(m_kernel);
    layout->addWidget(m_language);
    const auto fonts = [this] {
        const QList<QLabel *> labels{m_mode, m_cell, m_hint, m_run, m_saved, m_kernel, m_language};
        for (QLabel *label : labels)
            label->setFont(m_theme.theme().caption);
    };
    connect(&theme, &ThemeSource::themeChanged, this, fonts);
    fonts();
    refresh();
}

QLabel *StatusBar::label()
{
    return new QLabel(this);
}

void StatusBar::setNotebook(NotebookView *notebook)
{
    if (m_notebook)
        disconnect(m_notebook, nullptr, this, nullptr);
    m_notebook = notebook;
    if (notebook)
        connect(notebook, &NotebookView::statusChanged, this, &StatusBar::refresh);
    refresh();
}

void StatusBar::showHint(const QString &text)
{
    m_hint->setText(text);
    // A pending chord stays as long as it waits; anything else has been read after a while.
    if (!text.endsWith(QChar(0x2026)))
        QTimer::singleShot(4s, m_hint, [this, text] {
            if (m_hint->text() == text)
                m_hint->clear();
        });
}

void StatusBar::refresh()
{
    const bool usable = m_notebook && m_notebook->isUsable();
    const QList<QLabel *> labels{m_mode, m_cell, m_run, m_saved, m_kernel, m_language};
    for (QLabel *label : labels)
        label->setVisible(usable);
    if (!usable)
        return;

    const CellListView &list = m_notebook->list();
    const bool edits = m_notebook->focusedList().mode() == CellListView::Mode::Edit;
    const NotebookDocument &document = m_notebook->document();
    m_mode->setText(edits ? tr("Edit") : tr("Command"));
    m_mode->setToolTip(edits ? tr("Keys go into the cell. Esc leaves it.")
                             : tr("Keys are commands. Enter edits the cell."));
    const int cell = document.indexOf(list.currentCell()) + 1;
    const auto selected = list.selectedCells().size();
    m_cell->setText(selected > 1
                        ? tr("%1 of %2 cells selected").arg(selected).arg(document.cellCount())
                        : tr("Cell %1 of %2").arg(cell).arg(document.cellCount()));

    const NotebookSession &session = m_notebook->session();
    if (const int waiting = session.queueLength(); waiting > 0)
        m_run->setText(waiting == 1 ? tr("Running, 1 cell waiting")
                                    : tr("Running, %1 cells waiting").arg(waiting));
    else
        m_run->setText(session.isBusy() ? tr("Running") : QString());
    const DocumentFile &file = m_notebook->file();
    if (file.isSaving())
        m_saved->setText(tr("Saving…"));
    else if (file.place().path.isEmpty())
        m_saved->setText(tr("Not saved yet"));
    else
        m_saved->setText(document.isModified() ? tr("Unsaved changes") : tr("Saved"));

    const KernelLink &kernel = m_notebook->kernel();
    const LinkState link = kernel.linkState();
    const QDateTime now = QDateTime::currentDateTimeUtc();
    if (link.phase == LinkState::Phase::Reconnecting)
        m_kernel->setText(tr("Reconnecting since %1").arg(LinkNotice::clock(link.since, now)));
    else if (link.phase == LinkState::Phase::Offline)
        m_kernel->setText(tr("Offline since %1").arg(LinkNotice::clock(link.since, now)));
    else if (kernel.state() == KernelLink::State::Disconnected || !kernel.runtime())
        m_kernel->setText(tr("No kernel"));
    else
        m_kernel->setText(
            tr("%1 on %2")
                .arg(kernel.kernelTitle().isEmpty() ? tr("Kernel") : kernel.kernelTitle(),
                     kernel.runtime()->name()));
    QString language = kernel.language().isEmpty() ? document.language() : kernel.language();
    if (!language.isEmpty())
        language[0] = language.at(0).toUpper();
    m_language->setText(language);
}

} // namespace farcell
