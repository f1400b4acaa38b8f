#include "app/blocks/block.h"
#include "app/notebook/notebookprinter.h"
#include "app/outputs/outputarea.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"

#include <QPdfWriter>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace farcell;

namespace {

// Lines of 20 pixels with 6 of them empty below each.
class Lines : public Block
{
public:
    qreal layout(qreal /*width*/) override { return 4000; }
    void paint(QPainter &painter, const QRectF &exposed) override
    {
        for (int y = 0; y < 4000; y += 20) {
            for (int x = 0; x < 300 && y < exposed.bottom(); x += 4)
                painter.fillRect(x, y, 2, 14, Qt::black);
        }
    }
    [[nodiscard]] QString plainText() const override { return {}; }
    void themeChanged() override {}
};

} // namespace

class TestPrinter : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void aNotebookBecomesPages();
    void noLineIsCut();
    void anUnwritableFileIsTold();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<NotebookDocument> m_document;
};

void TestPrinter::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_document = std::make_unique<NotebookDocument>();
    m_document->insertCell(0, CellKind::Markdown,
                           QStringLiteral("# A title\n\nText with $\\frac{a}{b}$ and ``code``."));
    QString code;
    for (int i = 0; i < 120; ++i)
        code += QStringLiteral("value_%1 = %1\n").arg(i);
    const CellId id = m_document->insertCell(1, CellKind::Code, code + QStringLiteral("'```'"));
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = QStringLiteral("stdout");
    for (int i = 0; i < 300; ++i)
        output.text += QStringLiteral("line %1\n").arg(i);
    m_document->appendOutput(id, output);
}

void TestPrinter::aNotebookBecomesPages()
{
    const QString path = m_folder->filePath(QStringLiteral("n.pdf"));
    NotebookPrinter printer(*m_document, QStringLiteral("n.ipynb"), {},
                            std::make_unique<QPdfWriter>(path));
    QSignalSpy finished(&printer, &NotebookPrinter::finished);
    QSignalSpy progressed(&printer, &NotebookPrinter::progressed);
    printer.start();
    m_document.reset(); // a tab may be closed meanwhile
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 60000);

    QCOMPARE(finished.first().first().toString(), QString());
    QCOMPARE(progressed.count(), 3); // the notebook's own empty cell is the last
    // 120 lines of code and 300 of output fill seven or eight pages of A4.
    QVERIFY2(printer.pages() >= 6 && printer.pages() <= 10,
             QByteArray::number(printer.pages()).constData());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    QVERIFY(bytes.startsWith("%PDF"));
    QCOMPARE(bytes.count("/Type /Page\n"), printer.pages());
}

void TestPrinter::noLineIsCut()
{
    Lines lines;
    for (int limit = 900; limit < 940; ++limit) {
        const qreal at = NotebookPrinter::breakBefore(lines, 400, 0, limit);

        QVERIFY2(at <= limit && at > limit - 60, QByteArray::number(at).constData());
        const int inLine = int(at) % 20;
        QVERIFY2(inLine >= 14 || inLine == 0, QByteArray::number(at).constData());
    }
}

void TestPrinter::anUnwritableFileIsTold()
{
    NotebookPrinter printer(
        *m_document, QStringLiteral("n.ipynb"), {},
        std::make_unique<QPdfWriter>(m_folder->filePath(QStringLiteral("no/such/n.pdf"))));
    QSignalSpy finished(&printer, &NotebookPrinter::finished);
    printer.start();
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 60000);

    QVERIFY(!finished.first().first().toString().isEmpty());
}

QTEST_MAIN(TestPrinter)
#include "tst_printer.moc"
