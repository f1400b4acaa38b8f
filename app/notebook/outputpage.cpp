#include "app/notebook/outputpage.h"

#include "app/notebook/largetextview.h"
#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QtConcurrent>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace farcell {

OutputPage::OutputPage(QString title, const QString &text, ThemeSource &theme, QWidget *parent)
    : Page(parent)
    , m_title(std::move(title))
    , m_view(new LargeTextView(theme, this))
    , m_field(new QLineEdit(this))
    , m_case(new QToolButton(this))
    , m_count(new QLabel(this))
    , m_lines(new QLabel(this))
    , m_stopReading(std::make_shared<std::atomic<bool>>(false))
    , m_stopSearching(std::make_shared<std::atomic<bool>>(false))
{
    setObjectName(QStringLiteral("page"));
    build(theme);
    connect(m_view, &LargeTextView::findRequested, this, [this] {
        m_field->setFocus();
        m_field->selectAll();
    });
    connect(m_view, &LargeTextView::linkActivated, this, &OutputPage::linkActivated);
    connect(m_field, &QLineEdit::textChanged, this, &OutputPage::search);
    connect(m_case, &QToolButton::toggled, this, &OutputPage::search);
    connect(&m_reading, &QFutureWatcherBase::finished, this, [this] {
        if (m_reading.future().resultCount() == 0)
            return;
        m_view->setLines(m_reading.result());
        m_lines->setText(tr("%1 lines").arg(QLocale().toString(m_view->lines().count())));
        search();
    });
    connect(&m_searching, &QFutureWatcherBase::finished, this, &OutputPage::takeHits);
    m_lines->setText(tr("Reading…"));
    m_reading.setFuture(
        QtConcurrent::run([text, stop = m_stopReading] { return LineIndex(text, stop.get()); }));
}

OutputPage::~OutputPage()
{
    *m_stopReading = true;
    *m_stopSearching = true;
}

void OutputPage::build(ThemeSource &theme)
{
    m_field->setPlaceholderText(tr("Find"));
    m_field->setAccessibleName(tr("Find"));
    m_field->setFixedWidth(320);
    m_case->setText(QStringLiteral("Aa"));
    m_case->setToolTip(tr("Match case"));
    m_case->setAccessibleName(tr("Match case"));
    m_case->setCheckable(true);
    m_case->setProperty("kind", QStringLiteral("toggle"));
    m_case->setFixedSize(32, 28);
    m_case->setFont(theme.theme().bodyStrong);
    const auto button = [this, &theme](const QString &icon, const QString &toolTip, int direction) {
        auto *made = new QToolButton(this);
        made->setIcon(theme.icon(icon));
        made->setToolTip(toolTip);
        made->setAccessibleName(toolTip);
        made->setFixedSize(28, 28);
        connect(made, &QToolButton::clicked, this, [this, direction] { step(direction); });
        return made;
    };
    for (QLabel *label : {m_count, m_lines})
        label->setProperty("kind", QStringLiteral("muted"));
    m_count->setMinimumWidth(96);

    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(12, 6, 12, 6);
    bar->setSpacing(4);
    bar->addWidget(m_field);
    bar->addWidget(m_case);
    bar->addWidget(button(QStringLiteral("chevron-up"), tr("Previous"), -1));
    bar->addWidget(button(QStringLiteral("chevron-down"), tr("Next"), 1));
    bar->addWidget(m_count);
    bar->addStretch();
    bar->addWidget(m_lines);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_view, 1);
}

void OutputPage::takeFocus()
{
    m_view->setFocus();
}

void OutputPage::find(const QString &text)
{
    m_field->setText(text);
}

void OutputPage::search()
{
    if (m_reading.isRunning())
        return; // searches when it has been read
    *m_stopSearching = true;
    m_stopSearching = std::make_shared<std::atomic<bool>>(false);
    const auto sensitivity = m_case->isChecked() ? Qt::CaseSensitive : Qt::CaseInsensitive;
    m_searching.setFuture(
        QtConcurrent::run([text = m_view->lines().text(), wanted = m_field->text(), sensitivity,
                           stop = m_stopSearching] {
            return findAll(text, wanted, sensitivity, mostHits, stop.get());
        }));
    tellCount();
}

void OutputPage::takeHits()
{
    if (m_searching.future().resultCount() == 0)
        return;
    std::vector<qsizetype> hits = m_searching.result();
    m_hits = std::ssize(hits);
    // The first one from what is seen on.
    const qsizetype from = m_view->lines().startOf(m_view->firstLine());
    const auto next = std::lower_bound(hits.begin(), hits.end(), from);
    m_current = hits.empty() ? -1 : next == hits.end() ? 0 : next - hits.begin();
    m_view->setHits(std::move(hits), static_cast<int>(m_field->text().size()));
    if (m_current >= 0)
        m_view->goToHit(m_current);
    tellCount();
}

void OutputPage::step(int direction)
{
    if (m_hits == 0)
        return;
    m_current = (m_current + direction + m_hits) % m_hits;
    m_view->goToHit(m_current);
    tellCount();
}

void OutputPage::tellCount()
{
    const QLocale locale;
    if (m_field->text().isEmpty())
        m_count->clear();
    else if (m_searching.isRunning())
        m_count->setText(tr("Searching…"));
    else if (m_hits == 0)
        m_count->setText(tr("No results"));
    else if (m_hits == static_cast<qsizetype>(mostHits))
        m_count->setText(
            tr("%1 of the first %2").arg(locale.toString(m_current + 1), locale.toString(m_hits)));
    else
        m_count->setText(
            tr("%1 of %2").arg(locale.toString(m_current + 1), locale.toString(m_hits)));
}

void OutputPage::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        step(event->modifiers().testFlag(Qt::ShiftModifier) ? -1 : 1);
    else if (event->key() == Qt::Key_Escape)
        m_view->setFocus();
    else
        Page::keyPressEvent(event);
}

} // namespace farcell
