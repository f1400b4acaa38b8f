#include "app/notebook/findbar.h"

#include "app/theme/theme.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QtConcurrent>
#include <QToolButton>

#include <chrono>
#include <span>

namespace farcell {

using namespace std::chrono_literals;

namespace {

constexpr qsizetype searchedAtOnce = 1'000'000; // bytes; more of them take another thread
constexpr int mostHits = 100'000;

qsizetype bytesOf(const std::vector<SearchedCell> &cells, bool withOutputs)
{
    qsizetype bytes = 0;
    for (const SearchedCell &cell : cells)
        bytes += 2 * cell.source.size() + (withOutputs ? cell.outputs.byteSize() : 0);
    return bytes;
}

} // namespace

FindBar::FindBar(NotebookDocument &document, SectionFolds &folds, CellListView &list,
                 ThemeSource &theme, QWidget *parent)
    : QFrame(parent)
    , m_document(document)
    , m_folds(folds)
    , m_list(list)
    , m_text(new QLineEdit(this))
    , m_replacement(new QLineEdit(this))
    , m_count(new QLabel(this))
    , m_openOutput(new QToolButton(this))
    , m_stop(std::make_shared<std::atomic<bool>>(false))
{
    setObjectName(QStringLiteral("findBar"));
    build(theme);
    hide();

    m_again.setSingleShot(true);
    m_again.setInterval(200ms);
    connect(&m_again, &QTimer::timeout, this, [this] { search(false); });
    const auto again = [this] {
        if (isVisible())
            m_again.start();
    };
    connect(&document, &NotebookDocument::sourceEdited, this, again);
    connect(&document, &NotebookDocument::outputsChanged, this, again);
    connect(&document, &NotebookDocument::cellsInserted, this, again);
    connect(&document, &NotebookDocument::cellsRemoved, this, again);
    connect(&document, &NotebookDocument::cellsMoved, this, again);
    connect(&document, &NotebookDocument::contentReset, this, again);
    connect(&m_searching, &QFutureWatcherBase::finished, this,
            [this] {
                if (m_searching.future().resultCount() > 0)
                    takeFound(m_searching.result(), m_jumps);
            });
}

FindBar::~FindBar()
{
    *m_stop = true;
}

QToolButton *FindBar::toggle(ThemeSource &theme, const QString &text, const QString &toolTip)
{
    auto *button = new QToolButton(this);
    button->setText(text);
    button->setToolTip(toolTip);
    button->setAccessibleName(toolTip);
    button->setCheckable(true);
    button->setProperty("kind", QStringLiteral("toggle"));
    button->setFixedSize(32, 28);
    button->setFont(theme.theme().bodyStrong);
    connect(button, &QToolButton::toggled, this, [this] { search(true); });
    return button;
}

void FindBar::build(ThemeSource &theme)
{
    m_case = toggle(theme, QStringLiteral("Aa"), tr("Match case"));
    m_word = toggle(theme, QStringLiteral("“w”"), tr("Whole words"));
    m_regex = toggle(theme, QStringLiteral(".*"), tr("Regular expression"));
    m_outputs = toggle(theme, {}, tr("Search outputs too"));
    m_outputs->setIcon(theme.icon(QStringLiteral("command")));
    m_outputs->setChecked(true);

    const auto button = [this, &theme](const QString &icon, const QString &toolTip, auto slot) {
        auto *made = new QToolButton(this);
        made->setIcon(theme.icon(icon));
        made->setToolTip(toolTip);
        made->setAccessibleName(toolTip);
        made->setFixedSize(28, 28);
        connect(made, &QToolButton::clicked, this, slot);
        return made;
    };
    m_text->setPlaceholderText(tr("Find"));
    m_text->setAccessibleName(tr("Find"));
    m_text->setClearButtonEnabled(false);
    m_replacement->setPlaceholderText(tr("Replace with"));
    m_replacement->setAccessibleName(tr("Replace with"));
    m_count->setMinimumWidth(96);
    m_count->setProperty("kind", QStringLiteral("muted"));
    m_openOutput->setText(tr("Open in tab"));
    m_openOutput->setToolTip(tr("The cell shows only the end of this output"));
    m_openOutput->hide();
    connect(m_openOutput, &QToolButton::clicked, this, [this] {
        if (m_current >= 0)
            emit openOutputRequested(m_hits.at(m_current).cell, m_hits.at(m_current).output,
                                     m_text->text());
    });

    auto *first = new QHBoxLayout;
    first->setSpacing(4);
    for (QWidget *widget : {m_case, m_word, m_regex, m_outputs})
        first->addWidget(widget);
    first->addWidget(m_count);
    first->addWidget(m_openOutput);
    first->addWidget(button(QStringLiteral("chevron-up"), tr("Previous"), &FindBar::previous));
    first->addWidget(button(QStringLiteral("chevron-down"), tr("Next"), &FindBar::next));
    first->addStretch();
    first->addWidget(button(QStringLiteral("close"), tr("Close (Esc)"), &FindBar::close));

    auto *one = new QPushButton(tr("Replace"), this);
    auto *all = new QPushButton(tr("Replace all"), this);
    one->setAutoDefault(false);
    all->setAutoDefault(false);
    connect(one, &QPushButton::clicked, this, &FindBar::replaceOne);
    connect(all, &QPushButton::clicked, this, &FindBar::replaceAll);
    auto *second = new QHBoxLayout;
    second->setSpacing(8);
    second->addWidget(one);
    second->addWidget(all);
    second->addStretch();

    auto *layout = new QGridLayout(this);
    layout->setContentsMargins(16, 8, 8, 8);
    layout->setHorizontalSpacing(8);
    layout->setVerticalSpacing(6);
    layout->addWidget(m_text, 0, 0);
    layout->addLayout(first, 0, 1);
    layout->addWidget(m_replacement, 1, 0);
    layout->addLayout(second, 1, 1);
    layout->setColumnStretch(1, 1);
    m_text->setFixedWidth(320);
    m_replacement->setFixedWidth(320);

    connect(m_text, &QLineEdit::textChanged, this, [this] { search(true); });
}

void FindBar::open(bool focusReplace)
{
    const QString selected = m_list.selectedSource();
    show();
    if (!selected.isEmpty() && !selected.contains(QLatin1Char('\n')))
        m_text->setText(selected);
    QLineEdit *field = focusReplace ? m_replacement : m_text;
    field->setFocus();
    field->selectAll();
    search(true);
}

void FindBar::close()
{
    hide();
    *m_stop = true;
    m_isSearching = false;
    m_searching.setFuture({});
    m_hits.clear();
    m_current = -1;
    m_openOutput->hide();
    m_list.setHighlights({}, -1);
    m_list.setFocus();
}

SearchQuery FindBar::query() const
{
    SearchQuery query;
    query.text = m_text->text();
    query.matchCase = m_case->isChecked();
    query.wholeWords = m_word->isChecked();
    query.isRegex = m_regex->isChecked();
    query.inOutputs = m_outputs->isChecked();
    return query;
}

void FindBar::search(bool jump)
{
    *m_stop = true;
    m_problem.clear();
    if (!m_text->text().isEmpty()) {
        if (const auto pattern = patternOf(query()); !pattern)
            m_problem = pattern.error().message;
    }
    if (m_text->text().isEmpty() || !m_problem.isEmpty()) {
        m_searching.setFuture({});
        takeFound({}, jump);
        return;
    }
    std::vector<SearchedCell> cells = cellsToSearch(m_document);
    if (bytesOf(cells, query().inOutputs) <= searchedAtOnce) {
        m_searching.setFuture({});
        takeFound(findInCells(cells, query()), jump);
        return;
    }
    m_jumps = jump || (m_isSearching && m_jumps);
    m_isSearching = true;
    m_stop = std::make_shared<std::atomic<bool>>(false);
    m_searching.setFuture(
        QtConcurrent::run([cells = std::move(cells), query = query(), stop = m_stop] {
            return findInCells(cells, query, mostHits, stop.get());
        }));
    updateCount();
}

void FindBar::takeFound(std::vector<SearchHit> found, bool jump)
{
    m_isSearching = false;
    m_found = std::move(found);
    m_hits.clear();
    for (const SearchHit &hit : m_found)
        m_hits.append({hit.cell, hit.place == SearchPlace::Output ? hit.output : -1, hit.position,
                       hit.length, hit.fromEnd});
    if (!jump) {
        m_current = qMin(m_current, int(m_hits.size()) - 1);
        m_list.setHighlights(m_hits, m_current);
        updateCount();
        return;
    }
    // The first hit from the current cell on.
    m_current = m_hits.isEmpty() ? -1 : 0;
    const int from = m_document.indexOf(m_list.currentCell());
    for (int i = 0; i < m_hits.size(); ++i) {
        if (m_document.indexOf(m_hits.at(i).cell) >= from) {
            m_current = i;
            break;
        }
    }
    showCurrent();
}

void FindBar::next()
{
    step(1);
}

void FindBar::previous()
{
    step(-1);
}

void FindBar::step(int direction)
{
    if (!isVisible())
        open(false);
    if (m_hits.isEmpty())
        return;
    const int count = int(m_hits.size());
    m_current = (m_current + direction + count) % count;
    showCurrent();
}

void FindBar::showCurrent()
{
    m_list.setHighlights(m_hits, m_current);
    updateCount();
    m_openOutput->hide();
    if (m_current < 0)
        return;
    const CellListView::Highlight &hit = m_hits.at(m_current);
    m_folds.reveal(hit.cell); // Colab: find opens the section of the hit
    if (hit.output < 0) {
        m_list.reveal(hit.cell, hit.position);
        return;
    }
    m_list.reveal(hit.cell);
    m_openOutput->setVisible(!m_list.revealHighlight());
}

void FindBar::updateCount()
{
    m_count->setProperty("kind",
                         m_problem.isEmpty() ? QStringLiteral("muted") : QStringLiteral("error"));
    if (!m_problem.isEmpty())
        m_count->setText(m_problem);
    else if (m_text->text().isEmpty())
        m_count->clear();
    else if (m_isSearching)
        m_count->setText(tr("Searching…"));
    else if (m_hits.isEmpty())
        m_count->setText(tr("No results"));
    else
        m_count->setText(tr("%1 of %2").arg(m_current + 1).arg(m_hits.size()));
}

void FindBar::replaceOne()
{
    if (m_current < 0)
        return;
    const SearchHit hit = m_found.at(size_t(m_current));
    if (hit.place == SearchPlace::Source) {
        replaceInNotebook(m_document, std::span(&hit, 1), query(), m_replacement->text());
        search(false);
        showCurrent();
        return;
    }
    step(1); // what a kernel wrote is not for editing
}

void FindBar::replaceAll()
{
    SearchQuery sources = query();
    sources.inOutputs = false;
    const int count = replaceInNotebook(m_document, findInNotebook(m_document, sources), sources,
                                        m_replacement->text());
    search(false);
    m_count->setText(tr("%n replaced", nullptr, count));
}

void FindBar::keyPressEvent(QKeyEvent *event)
{
    switch (event->key()) {
    case Qt::Key_Escape:
        close();
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_replacement->hasFocus())
            replaceOne();
        else
            step(event->modifiers().testFlag(Qt::ShiftModifier) ? -1 : 1);
        return;
    default:
        QFrame::keyPressEvent(event);
    }
}

} // namespace farcell
