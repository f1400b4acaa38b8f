#include "app/panels/outlinepanel.h"

#include "app/notebook/notebookview.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"
#include "core/notebook/outline.h"

#include <QLabel>
#include <QListWidget>
#include <QVBoxLayout>

#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

namespace {

enum Role
{
    CellRole = Qt::UserRole + 1,
    FirstRole,
    EndRole
};

} // namespace

OutlinePanel::OutlinePanel(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_list(new QListWidget(this))
    , m_empty(new QLabel(this))
{
    m_list->setProperty("kind", QStringLiteral("panel"));
    m_list->setAccessibleName(tr("Outline"));
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setTextElideMode(Qt::ElideRight);
    m_empty->setProperty("kind", QStringLiteral("faint"));
    m_empty->setWordWrap(true);
    m_empty->setAlignment(Qt::AlignTop);
    m_empty->setMargin(12);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(4, 0, 4, 4);
    layout->addWidget(m_empty, 1);
    layout->addWidget(m_list, 1);

    m_soon.setSingleShot(true);
    m_soon.setInterval(250ms);
    connect(&m_soon, &QTimer::timeout, this, &OutlinePanel::rebuild);
    connect(m_list, &QListWidget::itemActivated, this, [this] { goTo(m_list->currentRow()); });
    connect(m_list, &QListWidget::itemClicked, this, [this] { goTo(m_list->currentRow()); });
    connect(&theme, &ThemeSource::themeChanged, this, &OutlinePanel::rebuild);
    rebuild();
}

void OutlinePanel::setNotebook(NotebookView *notebook)
{
    if (m_notebook) {
        disconnect(&m_notebook->document(), nullptr, this, nullptr);
        disconnect(m_notebook, nullptr, this, nullptr);
    }
    m_notebook = notebook;
    if (notebook) {
        const auto soon = [this] { m_soon.start(); };
        const NotebookDocument *document = &notebook->document();
        connect(document, &NotebookDocument::cellsInserted, this, soon);
        connect(document, &NotebookDocument::cellsRemoved, this, soon);
        connect(document, &NotebookDocument::cellsMoved, this, soon);
        connect(document, &NotebookDocument::cellChanged, this, soon);
        connect(document, &NotebookDocument::contentReset, this, &OutlinePanel::rebuild);
        connect(document, &NotebookDocument::sourceEdited, this, [this](const CellId &id) {
            const Cell *cell = m_notebook ? m_notebook->document().findCell(id) : nullptr;
            if (cell && cell->kind == CellKind::Markdown)
                m_soon.start();
        });
        connect(notebook, &NotebookView::statusChanged, this, &OutlinePanel::markCurrent);
    }
    rebuild();
}

void OutlinePanel::rebuild()
{
    m_soon.stop();
    m_list->clear();
    if (m_notebook && m_notebook->isUsable()) {
        for (const Section &section : outlineOf(m_notebook->document())) {
            auto *item = new QListWidgetItem(
                QString(2LL * (section.level - 1), QChar(0x2002)) + section.title, m_list);
            item->setData(CellRole, section.heading.toString());
            item->setData(FirstRole, section.first);
            item->setData(EndRole, section.end);
            item->setToolTip(section.title);
            if (section.level == 1)
                item->setFont(m_theme.theme().bodyStrong);
        }
    }
    const bool empty = m_list->count() == 0;
    m_empty->setText(m_notebook ? tr("Headings of text cells appear here.")
                                : tr("Open a notebook to see its sections."));
    m_empty->setVisible(empty);
    m_list->setVisible(!empty);
    markCurrent();
}

void OutlinePanel::markCurrent()
{
    if (!m_notebook || m_list->count() == 0)
        return;
    const int current = m_notebook->document().indexOf(m_notebook->list().currentCell());
    int row = -1;
    for (int i = 0; i < m_list->count(); ++i) {
        const QListWidgetItem *item = m_list->item(i);
        if (item->data(FirstRole).toInt() <= current && current < item->data(EndRole).toInt())
            row = i; // the innermost comes last
    }
    if (row != m_list->currentRow())
        m_list->setCurrentRow(row);
}

void OutlinePanel::goTo(int row)
{
    const QListWidgetItem *item = m_list->item(row);
    if (!item || !m_notebook)
        return;
    const CellId id(item->data(CellRole).toString());
    m_notebook->list().setCurrentCell(id);
    m_notebook->list().reveal(id);
}

} // namespace farcell
