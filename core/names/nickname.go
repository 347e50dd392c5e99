package names

import "strings"

// short are the short forms of forenames in common use in Britain and Ireland, by the forename's key. A form that is a
// name of its own stands with each name it is short for; forms that two sisters or brothers would be given side by side
// are left out.
var short = table(`
abigail abi abbie abby gail
albert al bert bertie
alexander alex alec al sandy xander
alexandra alex alexa sandra sandy lexi
alfred alf alfie fred
alice ali
alison ali
amanda mandy
andrew andy drew
angela angie
ann annie nan nancy
anne annie nan nancy
anthony tony ant
antony tony ant
archibald archie
arthur art
barbara babs barb
benjamin ben benny
bernard bernie
bridget bridie biddy
caroline carrie caz
catherine cath cathy cat kate katie kitty
cecilia cissie celia
charles charlie chas chuck
charlotte charlie lottie
christina chris chrissie tina
christine chris chrissie tina
christopher chris kit
clifford cliff
constance connie
cynthia cindy
daniel dan danny
danielle dani
david dave davy davey
deborah deb debbie debs
debra deb debbie debs
dennis den
derek del
dominic dom
donald don donnie
dorothy dot dottie dolly
douglas doug
edmund ed eddie ned
edward ed eddie ned ted teddy
eleanor ellie nell nora
elizabeth liz lizzie beth betty betsy libby eliza elsie lisbeth bess
emily em emmy millie
emma em
ernest ernie
eugene gene
evelyn evie
florence flo florrie flossie
frances fran frankie fanny
francis frank frankie
frederick fred freddie freddy
gabriel gabe
gabrielle gabby
gareth gaz
geoffrey geoff
georgina georgie gina
gerald gerry jerry
gerard gerry
gillian gill jill
gordon gordy
graham gray
gregory greg
gwendolyn gwen
harold harry hal
harriet harrie hattie
helen nell nellie
henry harry hal hank
herbert herb bert bertie
hugh hughie
ian iain
isaac zac ike
isabel izzy bella belle
isabella izzy bella belle
isabelle izzy bella belle
jacob jake
jacqueline jackie
james jim jimmy jamie
jane janey janie
janet jan
jasmine jas
jennifer jen jenny
jeremy jerry jez
jessica jess jessie
joan joanie
joanna jo
joanne jo
john jack johnny jock
jonathan jon jonny johnny
joseph joe joey
josephine jo josie
joshua josh
judith judy jude
julian jules
katherine kath kathy kat kate katie kitty
kathleen kath kathy kate katie
kathryn kath kathy kat kate katie
kenneth ken kenny
kimberley kim
laurence larry laurie
lawrence larry laurie
leonard len lenny leo
leslie les
lesley les
lewis lew
lillian lil lily
louis lou
louise lou
lucille lucy
lydia liddy
madeleine maddie maddy
magdalene maggie lena
malcolm mal
margaret maggie meg peggy peg rita marge madge greta daisy
marjorie marge
martin marty
martha marty
mary molly polly may mae
matilda tilly mattie
matthew matt matty
maureen mo
maxwell max
maximilian max
megan meg
melanie mel
melissa mel
michael mike mick mickey micky mikey
michelle shell chelle
mohammad mohammed muhammad mohamed mo
mohammed mohammad muhammad mohamed mo
muhammad mohammad mohammed mohamed mo
nancy nan
natalie nat
natasha tasha nat
nathan nat nate
nathaniel nat nate nathan
nicholas nick nicky
nicola nicky nikki
nigel nige
norman norm
oliver ollie olly
olivia liv livvy
oscar ozzie
pamela pam
patricia pat patsy tricia trish
patrick pat paddy
penelope penny
peter pete
philip phil pip
phillip phil pip
philippa pippa pip
phyllis phyl
rachel rach
raymond ray
rebecca becky becca beck
reginald reg reggie
richard dick rick ricky rich richie
robert bob bobby rob robbie bert
roderick rod
rodney rod
roger rog
ronald ron ronnie
rosemary rosie
rosalind ros
rupert rue
russell russ
samantha sam
samuel sam sammy
sandra sandy
sarah sally sadie
sebastian seb
sharon shaz
sidney sid
simon si
solomon sol
sophia sophie
stanley stan
stephanie steph
stephen steve stevie
steven steve stevie
stuart stu
susan sue susie suzy
susannah sue susie suzy
suzanne sue susie suzy
sylvia sylvie
terence terry
teresa terry tess tessa
theresa terry tess tessa
thelma thel
theodore theo ted teddy
thomas tom tommy
timothy tim timmy
tobias toby
valerie val
veronica ronnie vera
victor vic
victoria vicky vikki tori
vincent vince vinny
violet vi
virginia ginny
vivian viv
vivienne viv
walter wally walt
wilfred wilf
wilhelmina mina minnie
william will bill billy willie liam
winifred win winnie
yvonne von
zachary zac zach zack
zoe zo
`)

// full are the forenames a short form is short for.
var full = func() map[string][]string {
	out := map[string][]string{}
	for name, forms := range short {
		for _, form := range forms {
			out[form] = append(out[form], name)
		}
	}
	return out
}()

// table reads a line for each forename, with its short forms after it.
func table(text string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			out[words[0]] = words[1:]
		}
	}
	return out
}
