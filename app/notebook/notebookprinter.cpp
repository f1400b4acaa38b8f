#include "app/notebook/notebookprinter.h"

#include "app/outputs/outputarea.h"
#include "app/theme/theme.h"

#include <QImage>
#include <QPagedPaintDevice>

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell {

using namespace std::chrono_literals;

namespace {

constexpr qreal screenDpi = 96; // blocks are laid out in its pixels
constexpr qreal footer = 28;
constexpr qreal gap = 8;
constexpr qreal cellGap = 20;
constexpr qreal smallRest = 72;     // less room than this is left empty before a large piece
constexpr qreal longOutput = 12000; // about twelve pages; beyond, its window is printed
constexpr int breakSearch = 120;    // how far up a better place for a page's end is looked for
constexpr auto pictureLook = 20ms;
constexpr int mostLooks = 1000; // 20 s for one cell

// Longer than any run of backquotes inside.
QString fenceFor(const QString &source)
{
    int longest = 2;
    int run = 0;
    for (const QChar c : source) {
        run = c == QLatin1Char('`') ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return {longest + 1, QLatin1Char('`')};
}

QString asCode(const QString &source, const QString &language)
{
    const QString fence = fenceFor(source);
    return fence + language + QLatin1Char('\n') + source + QLatin1Char('\n') + fence;
}

// How often the colour changes along a row of pixels.
int changes(const QImage &image, int y)
{
    const auto *row = reinterpret_cast<const QRgb *>(image.constScanLine(y));
    int count = 0;
    for (int x = 1; x < image.width(); ++x)
        count += row[x] != row[x - 1] ? 1 : 0;
    return count;
}

} // namespace

NotebookPrinter::NotebookPrinter(const NotebookDocument &document, QString title,
                                 QString baseDirectory, std::unique_ptr<QPagedPaintDevice> device,
                                 QObject *parent)
    : QObject(parent)
    , m_content(document.content())
    , m_language(document.language())
    , m_title(std::move(title))
    , m_baseDirectory(std::move(baseDirectory))
    , m_device(std::move(device))
    , m_theme(std::make_unique<ThemeSource>())
    , m_render(std::make_unique<RenderService>(*m_theme))
{
    m_theme->setChoice(ThemeSource::Choice::Light);
    m_next.setSingleShot(true);
}

NotebookPrinter::~NotebookPrinter()
{
    if (m_painter.isActive())
        m_painter.end();
    m_pieces.clear();
}

void NotebookPrinter::start()
{
    if (!m_painter.begin(m_device.get())) {
        QTimer::singleShot(0, this,
                           [this] { end(tr("The printer or the file cannot be written to")); });
        return;
    }
    const qreal scaleX = m_device->logicalDpiX() / screenDpi;
    const qreal scaleY = m_device->logicalDpiY() / screenDpi;
    m_painter.scale(scaleX, scaleY);
    m_width = m_device->width() / scaleX;
    m_height = m_device->height() / scaleY - footer;
    m_painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    nextCell();
}

void NotebookPrinter::nextCell()
{
    m_pieces.clear();
    if (m_cell >= m_content.cells.size()) {
        writeFooter();
        end({});
        return;
    }
    emit progressed(int(m_cell), int(m_content.cells.size()));
    makePieces(m_content.cells[m_cell]);
    m_waited = 0;
    waitForPictures();
}

void NotebookPrinter::makePieces(const Cell &cell)
{
    const QString key = QStringLiteral("print"); // macros of one cell are known to the next
    const auto text = [this, &key](const QString &source, const JsonText &attachments) {
        m_pieces.push_back(m_render->markdown(source, attachments, m_baseDirectory, key));
    };
    switch (cell.kind) {
    case CellKind::Markdown:
        text(cell.source, cell.attachments);
        return;
    case CellKind::Code:
        if (!cell.source.trimmed().isEmpty())
            text(asCode(cell.source, m_language), {});
        if (!cell.outputs.isEmpty()) {
            auto outputs = m_render->outputs(m_baseDirectory, key);
            outputs->setOutputs(cell.outputs.items());
            outputs->layout(m_width);
            outputs->expand(longOutput);
            m_pieces.push_back(std::move(outputs));
        }
        return;
    default:
        if (!cell.source.trimmed().isEmpty())
            text(asCode(cell.source, {}), {});
    }
}

// Formulas and pictures are made elsewhere once somebody paints them.
void NotebookPrinter::waitForPictures()
{
    QImage nothing(1, 1, QImage::Format_RGB32);
    QPainter painter(&nothing);
    for (const auto &piece : m_pieces) {
        const qreal height = piece->layout(m_width);
        piece->paint(painter, QRectF(0, 0, m_width, height));
    }
    painter.end();
    const bool isReady = !m_render->isBusy() || ++m_waited > mostLooks;
    m_next.disconnect(this);
    connect(&m_next, &QTimer::timeout, this,
            isReady ? &NotebookPrinter::printPieces : &NotebookPrinter::waitForPictures);
    m_next.start(isReady ? 0ms : pictureLook);
}

void NotebookPrinter::printPieces()
{
    for (const auto &piece : m_pieces)
        place(*piece);
    if (!m_pieces.empty())
        m_y += cellGap - gap;
    ++m_cell;
    nextCell();
}

void NotebookPrinter::place(Block &block)
{
    const qreal height = block.layout(m_width);
    // A piece that fits on a page of its own is not cut to fill a small rest of this one.
    if (m_y > 0 && m_y + height > m_height && (m_height - m_y < smallRest || height < m_height / 3))
        newPage();
    qreal done = 0;
    while (done < height) {
        qreal end = height;
        if (m_y + height - done > m_height)
            end = breakBefore(block, m_width, done, done + m_height - m_y);
        draw(block, done, end - done);
        done = end;
        if (done < height)
            newPage();
    }
    m_y += gap;
}

qreal NotebookPrinter::breakBefore(Block &block, qreal width, qreal top, qreal limit)
{
    const int rows = int(std::min<qreal>(breakSearch, (limit - top) / 2));
    if (rows < 1)
        return limit;
    QImage strip(std::max(1, int(width)), rows, QImage::Format_RGB32);
    strip.fill(Qt::white);
    QPainter painter(&strip);
    painter.translate(0, -(limit - rows));
    block.paint(painter, QRectF(0, limit - rows, width, rows));
    painter.end();
    int best = rows - 1;
    int fewest = changes(strip, best);
    for (int y = rows - 2; y >= 0; --y) {
        const int here = changes(strip, y);
        if (here < fewest) {
            fewest = here;
            best = y;
        }
    }
    // In the middle of the gap between two lines.
    int gapTop = best;
    while (gapTop > 0 && changes(strip, gapTop - 1) == fewest)
        --gapTop;
    return std::floor(limit) - rows + (best + gapTop) / 2.0;
}

void NotebookPrinter::draw(Block &block, qreal from, qreal height)
{
    m_painter.save();
    m_painter.translate(0, m_y - from);
    const QRectF part(0, from, m_width, height);
    m_painter.setClipRect(part);
    block.paint(m_painter, part);
    m_painter.restore();
    m_y += height;
}

void NotebookPrinter::newPage()
{
    writeFooter();
    m_device->newPage();
    ++m_page;
    m_y = 0;
}

void NotebookPrinter::writeFooter()
{
    const Theme &theme = m_theme->theme();
    m_painter.setFont(theme.caption);
    m_painter.setPen(theme.textMuted);
    const QRectF line(0, m_height, m_width, footer);
    m_painter.drawText(line, Qt::AlignLeft | Qt::AlignBottom, m_title);
    m_painter.drawText(line, Qt::AlignRight | Qt::AlignBottom, QString::number(m_page));
}

void NotebookPrinter::end(const QString &problem)
{
    bool isWritten = true;
    if (m_painter.isActive())
        isWritten = m_painter.end();
    emit finished(problem.isEmpty() && !isWritten ? tr("Not all pages could be written") : problem);
}

} // namespace farcell
